/** Socket buffers asked for, in bytes: a burst of the peer's whole congestion window must fit while the event loop is busy. */
export const SOCKET_BUFFER_BYTES = 4 * 1024 * 1024;

/** Datagrams handed to `node:dgram` and not sent yet, at most; more would only wait in memory. */
export const MAX_OUTSTANDING_SENDS = 256;

/** Datagrams that one `recvmmsg` may fetch. */
export const RECEIVE_BATCH = 32;

/** Room for one of them, in bytes: more than the largest datagram that we say we take (16,383). */
export const RECEIVE_SLOT_BYTES = 16_384;

/** Datagrams taken from the socket before the event loop gets a turn. */
export const MAX_RECEIVES_PER_TURN = 256;

/** Most segments that Linux cuts one send into (UDP_MAX_SEGMENTS). */
export const MAX_SEGMENTS = 64;

/** Largest UDP payload over IPv4: what one segmented send may hold in all. */
export const MAX_UDP_PAYLOAD_BYTES = 65_507;

/** Sender addresses kept as objects; above it they are made anew. */
export const MAX_KNOWN_SENDERS = 4_096;

/** How long the list of network interfaces is believed, in ms. */
export const INTERFACES_LIFETIME_MS = 2_000;

/** Datagrams one connection may send before the others' turn, and before what has come in meanwhile is looked at. */
export const MAX_DATAGRAMS_PER_TURN = 256;

/** A wake-up that finds at most so many datagrams, so soon (ms) after the one before, belongs to a trickle: below about 300 Mbit/s. */
export const TRICKLE_BURST_DATAGRAMS = 3;
export const TRICKLE_GAP_MS = 2;

/** So many of them, and a timer takes over: more than any exchange of requests makes. */
export const TRICKLE_BURSTS = 64;

/** What a wake-up of another kind takes off the count: a process that was late finds more, whatever the link. */
export const TRICKLE_PENALTY = 8;

/** Datagrams of a transfer have at least so many bytes: what every network carries (RFC 9000, 14). */
export const BULK_DATAGRAM_BYTES = 1_200;

/** What a wake-up with a datagram of another length takes off: a transfer has one in some forty, an exchange of requests many more. */
export const TRICKLE_ODD_PENALTY = 16;

/** How often the timer looks, in ms: at first what timers can do, at most a little less than acknowledgements may take. */
export const POLL_MIN_MS = 1;
export const POLL_MAX_MS = 28;

/** Fewer datagrams than this were found: the next look may come later. A little less than what makes a round. */
export const POLL_LOOK_DATAGRAMS = 230;

/**
 * Looks that found nothing, or the end of something, after which the transfer is taken to be over: fewer may be a sender that waits for
 * our acknowledgement.
 */
export const POLL_IDLE_LOOKS = 4;

/** Datagrams per ms from which on waking up is cheaper again: above 470 Mbit/s. */
export const POLL_FAST_DATAGRAMS_PER_MS = 40;

/** How much later the next look is while the rate holds, and how much sooner when the sender's window was used up. */
export const POLL_LATER = 1.5;
export const POLL_SOONER = 0.7;

/** So many datagrams of which the last has another length are the end of a window; fewer may be the end of all there was to say. */
export const POLL_BULK_DATAGRAMS = 16;

/** When a look finds less than this share of the last one's rate, the sender has used up its window and waits for our acknowledgement. */
export const POLL_STALLED_SHARE = 0.7;

/** Datagrams that a closed connection may still send: one says it all, before it may go an acknowledgement of the handshake. */
export const MAX_LAST_WORDS = 2;
