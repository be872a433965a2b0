/** Bytes of the connection ids that this endpoint chooses. 16 random bytes cannot be guessed; RFC 9000 allows up to 20. */
export const CONNECTION_ID_BYTES = 16;

/** A client's first datagrams are padded to this (RFC 9000, 14.1); anything smaller creates nothing and is answered by nothing. */
export const MIN_INITIAL_DATAGRAM_BYTES = 1_200;

/** Smallest connection id a client may choose for its first Initial (RFC 9000, 7.2). */
export const MIN_INITIAL_DESTINATION_ID_BYTES = 8;

/** Largest connection id of QUIC version 1 (RFC 9000, 17.2). */
export const MAX_CONNECTION_ID_BYTES = 20;

/** Largest datagram the native library writes: its length fields are varints of two bytes. Must be below 16,384. */
export const MAX_DATAGRAM_BYTES = 16_383;

/** Datagram size on a network that nothing is known of: Ethernet's 1,500 bytes less IPv6 and UDP headers. */
export const DEFAULT_DATAGRAM_BYTES = 1_452;

/** IPv4 and UDP headers: what a datagram has less than the interface's MTU. */
export const IPV4_OVERHEAD_BYTES = 28;

/** IPv6 and UDP headers. */
export const IPV6_OVERHEAD_BYTES = 48;

/**
 * Unread bytes a stream that was opened here may hold: covers 1 Gbit/s at 60 ms. Who opens the streams decides how many of them wait
 * unread, so this bounds what a reader that sleeps costs.
 */
export const STREAM_WINDOW_BYTES = 8 * 1024 * 1024;

/**
 * Unread bytes a stream that the other side opened may hold before anything of it is read. 256 such streams, all unread, are 64 MiB:
 * the bound on what one connection's other side can make this side hold. Streams that are read grow to STREAM_WINDOW_BYTES.
 */
export const PEER_STREAM_WINDOW_BYTES = 256 * 1024;

/**
 * Bytes one connection may receive over all its streams: more than it ever will, so that only the windows of streams count.
 *
 * The native library keeps no account of bytes that a reset or stop threw away, and shrinks the connection's window to some 48 KiB
 * once the initial one is used up: one stream that nobody reads, or some cancelled ones, would stall all others for ever.
 */
export const CONNECTION_CREDIT_BYTES = 2 ** 60;

/** Streams that the other side may have open at a time. */
export const MAX_STREAMS_PER_CONNECTION = 256;

/** Inbound connections per address: several peers may share a machine, a flood may not. */
export const MAX_CONNECTIONS_PER_ADDRESS = 64;

/** Inbound connections in all: 30 machines with several lanes each need some hundred. */
export const MAX_INBOUND_CONNECTIONS = 1_024;

/** Silence after which a connection is given up, in ms. A link may be down for 10 s and come back. */
export const IDLE_TIMEOUT_MS = 30_000;

/** How often the other side of a connection is asked for a sign of life, in ms. Must be below half the idle timeout, so that one may get lost. */
export const KEEP_ALIVE_MS = 10_000;

/** Time for a handshake, in ms: three lost flights and their repetitions fit. */
export const HANDSHAKE_TIMEOUT_MS = 10_000;

/** From this many unfinished inbound handshakes on, a newcomer has to prove its address first. */
export const HALF_OPEN_BEFORE_RETRY = 32;

/** Unfinished inbound handshakes at most; each holds native memory. */
export const MAX_HALF_OPEN = 256;

/** Native connections made per second for senders of unproven address; the burst is the same number. Above it they get a Retry. */
export const UNPROVEN_ACCEPTS_PER_SECOND = 64;

/** Native connections made per second for senders of proven address. Above it their Initials are dropped (and repeated by them). */
export const PROVEN_ACCEPTS_PER_SECOND = 256;

/** Life of a Retry token in ms: the round trip that it is for, with room for a loss. */
export const RETRY_TOKEN_LIFETIME_MS = 15_000;

/** How long a closed connection's last words are repeated to a peer that has not heard them, in ms. */
export const CLOSED_MEMORY_MS = 3_000;

/** Closed connections remembered at most; the oldest goes first. */
export const MAX_CLOSED_REMEMBERED = 256;

/** Repetitions of one closed connection's last words at most. */
export const MAX_CLOSE_REPEATS = 8;

/** Bytes of a close reason that go over the wire. */
export const MAX_CLOSE_REASON_BYTES = 256;

/** Bytes one writer may hand over before the next stream's turn: keeps 256 writers fair without a native call per kilobyte. */
export const WRITE_QUANTUM_BYTES = 256 * 1024;

/**
 * Room in the congestion window, in bytes, from which on the end of a stream certainly fits into the next datagram, together with
 * headers and acknowledgements. Below the smallest window, which is two datagrams of 1,200 bytes.
 */
export const END_ROOM_BYTES = 1_200;

/** Datagrams of one connection received before a round is due at once, however fast they come. */
export const GATHER_DATAGRAMS = 128;

/** How long datagrams of a running transfer gather before a round at least, in ms: what timers can do. */
export const GATHER_MIN_MS = 1;

/** The same at most, in ms: at 100 Mbit/s as many datagrams as make a round by their count. */
export const GATHER_MAX_MS = 16;

/**
 * How long an acknowledgement may take, in ms, as the other side is told (RFC 9000, 18.2): longer than any datagram waits, but where the
 * congestion window is a few datagrams (`BurstPacing`).
 */
export const MAX_ACK_DELAY_MS = 32;

/** A datagram of at least this share of the largest one seen says: more is coming. */
export const FULL_DATAGRAM_SHARE = 0.9;
