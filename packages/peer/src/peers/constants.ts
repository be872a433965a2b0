const SECOND = 1_000;

/** Peers that have said hello at once: ten times a large party. More are told that this peer is busy. */
export const MAX_PEERS = 256;

/** Announced instances that are remembered: must exceed {@link MAX_PEERS}, since some of them cannot be reached. */
export const MAX_RECORDS = 1_024;

/** Of these, of one machine (and of all addresses that no machine vouches for): more than anybody runs on one. */
export const MAX_RECORDS_OF_ONE = 256;

/** Peers that are dialled at once: a party that starts all at one moment must not cost all its handshakes at one moment. */
export const MAX_DIALS_AT_ONCE = 12;

/**
 * Of these, to one machine, and to all addresses together that no machine vouches for: a dial to nobody takes
 * {@link DIAL_TIMEOUT_MS}, and one machine that announces hundreds of peers must leave places for the others.
 */
export const MAX_DIALS_TO_ONE = 4;

/** Addresses of one announced peer that are tried: a computer has a few networks, not dozens. */
export const MAX_ADDRESSES_PER_PEER = 8;

/** QUIC handshake with one address, ms: a peer on a busy machine answers within one, and a lost packet costs some hundred. */
export const DIAL_TIMEOUT_MS = 5 * SECOND;

/** Pause before the next address of the same peer is tried beside the first, ms (RFC 8305 section 5: Connection Attempt Delay). */
export const NEXT_ADDRESS_MS = 250;

/** From the hello to its answer, and from an inbound connection to its hello, ms: 8 MiB of library over a slow link. */
export const HELLO_TIMEOUT_MS = 10 * SECOND;

/** How long the peer with the larger id waits for the hello of the other, ms. */
export const DIAL_PATIENCE_MS = SECOND;

/** Back-off of failed dials, ms: the first pause, and the longest one. */
export const BACKOFF_FIRST_MS = 500;
export const BACKOFF_LONGEST_MS = 30 * SECOND;

/** Part of a pause that chance may take away, so that peers that failed together do not try again together. */
export const BACKOFF_JITTER = 0.5;

/** Silence after which a peer is asked whether it is there, ms. */
export const PING_AFTER_MS = 15 * SECOND;

/** How long a pong may take, ms: two of them must end before {@link SILENCE_LIMIT_MS}. */
export const PONG_TIMEOUT_MS = 10 * SECOND;

/** Pings without a pong after which a peer is gone. */
const MISSED_PINGS_LIMIT = 2;

/** Silence after which a peer is gone whatever became of the pings, ms. */
export const SILENCE_LIMIT_MS = 45 * SECOND;

/** The four above, as every peer keeps them. */
export const LIVENESS_LIMITS = {
  pingAfterMs: PING_AFTER_MS,
  pongTimeoutMs: PONG_TIMEOUT_MS,
  missedPings: MISSED_PINGS_LIMIT,
  silenceMs: SILENCE_LIMIT_MS,
};

/** How long a pong may take on a connection beside a younger one of the same peer, ms: then the older one is left from a process that is no more. */
export const SECOND_CONNECTION_PONG_MS = 3 * SECOND;

/** For how long a peer may announce a newer library than is known here before it is asked, ms: deltas are usually faster. */
export const CATCH_UP_AFTER_MS = 2 * SECOND;

/**
 * For how long a peer may announce the same older revision than is known here before it is asked, ms: announcements follow
 * changes slower than deltas do, and a lost one is no news. Must be above {@link CATCH_UP_AFTER_MS}.
 */
export const OLDER_ANNOUNCEMENT_MS = 10 * SECOND;

/** Pause before a peer that could not be asked for its library is asked again, ms. */
export const ASK_AGAIN_MS = 5 * SECOND;

/** Answer to `list_games`, ms. */
export const LIST_GAMES_TIMEOUT_MS = 10 * SECOND;

/** Pause before a peer that could not be told of a change is told again, ms. A peer that is gone is found out meanwhile. */
export const DELTA_RETRY_MS = 5 * SECOND;

/** Answer to a `library_delta`, ms. */
export const DELTA_TIMEOUT_MS = 10 * SECOND;

/** Pause before discovery that could not be started is started again, ms. */
export const DISCOVERY_RESTART_MS = 5 * SECOND;

/** What stopping waits for, ms: the goodbyes, then the announcement. The sum must be below the runtime's 5 s. */
export const GOODBYE_TIMEOUT_MS = SECOND;
export const DISCOVERY_STOP_MS = SECOND;

/** How long a peer that said goodbye has to close its connection, ms. Then it is closed here. */
export const AFTER_GOODBYE_MS = 2 * SECOND;

/** Reasons of incompatible peers that are remembered, so that each is told once. */
export const MAX_INCOMPATIBLE = 256;
