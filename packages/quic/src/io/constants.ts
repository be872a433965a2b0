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
