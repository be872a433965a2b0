/** Numbers of this package: name, unit, reason. RFC 6762 is Multicast DNS, RFC 6763 is DNS-SD. */

/** UDP port and IPv4 group that every Multicast DNS program uses (RFC 6762 section 3). */
export const MDNS_PORT = 5353;
export const MDNS_GROUP = "224.0.0.251";

/** IP TTL of everything sent: receivers may take less as proof that a router was on the way (RFC 6762 section 11). */
export const IP_TTL = 255;

/** Bytes. No Multicast DNS message may be larger, fragments included (RFC 6762 section 17); more is noise. */
export const MAX_RECEIVED_BYTES = 9_000;

/**
 * Bytes of a message of ours: fits the smallest MTU that IPv6 allows (1,280) less headers, so tunnels never
 * fragment it.
 */
export const MAX_SENT_BYTES = 1_232;

/** Bytes of one label and of one whole name on the wire (RFC 1035 section 2.3.4). */
export const MAX_LABEL_BYTES = 63;
export const MAX_NAME_BYTES = 255;

/**
 * Compression pointers followed in one name: it has at most 127 labels, and chains of more only cost the
 * reader time.
 */
export const MAX_NAME_POINTERS = 127;

/** Bytes of one `key=value` string: its length is one byte (RFC 6763 section 6.1). */
export const MAX_TXT_STRING_BYTES = 255;

/** Bytes of the TXT data of a service of ours: with its name and header it still fits MAX_SENT_BYTES alone. */
export const MAX_TXT_BYTES = 900;

/**
 * Bytes of TXT data that are remembered of a stranger: above the 1,300 that RFC 6763 section 6.2 still calls
 * sensible.
 */
export const MAX_KEPT_TXT_BYTES = 2_048;

/** Seconds. Records that name a host live short, all others long (RFC 6762 section 10). */
export const HOST_TTL_S = 120;
export const OTHER_TTL_S = 4_500;

/** Seconds. A stranger's record lives no longer, whatever it claims: it would have to be asked for again anyway. */
export const MAX_TTL_S = 4_500;

/** Seconds. TTL in the unicast answer to a program that is no full Multicast DNS querier (RFC 6762 section 6.7). */
export const LEGACY_TTL_S = 10;

/** Legacy answers per interface and second: enough for people, too few to make this host an amplifier. */
export const MAX_LEGACY_ANSWERS_PER_S = 50;

/**
 * Milliseconds. A record that is taken back, or replaced by a newer set, lives this much longer (RFC 6762
 * section 10.1, 10.2).
 */
export const GOODBYE_GRACE_MS = 1_000;

/** Milliseconds between the two announcements (RFC 6762 section 8.3). */
export const ANNOUNCE_INTERVAL_MS = 1_000;

/** Milliseconds. A record is not multicast again on one interface before this has passed (RFC 6762 section 6). */
export const MULTICAST_INTERVAL_MS = 1_000;

/** Milliseconds. The same, for the answer to a probe, whose sender waits no longer (RFC 6762 section 6). */
export const PROBE_ANSWER_INTERVAL_MS = 250;

/**
 * Milliseconds. Answers that several hosts may give, and first queries, wait a random time in here (RFC 6762
 * section 6, 5.2).
 */
export const SHARED_DELAY_MIN_MS = 20;
export const SHARED_DELAY_MAX_MS = 120;

/** Milliseconds to wait for the rest of the known answers after a truncated query (RFC 6762 section 7.2). */
export const TRUNCATED_DELAY_MIN_MS = 400;
export const TRUNCATED_DELAY_MAX_MS = 500;

/** Truncated queries that wait at once on one interface; further ones are answered without waiting. */
export const MAX_WAITING_QUERIES = 32;

/** Known answers that are collected for one truncated query: 4,096 peers would still fit. */
export const MAX_KNOWN_ANSWERS = 4_096;

/** Milliseconds between browse queries: doubled each time from the first to the last (RFC 6762 section 5.2). */
export const BROWSE_INTERVAL_MIN_MS = 1_000;
export const BROWSE_INTERVAL_MAX_MS = 60_000;

/** Shares of its lifetime after which a record is asked for again (RFC 6762 section 5.2). */
export const REFRESH_SHARES: readonly number[] = [0.8, 0.85, 0.9, 0.95];

/** Share of the lifetime, random, added to each of these so that a room of peers does not ask in one voice. */
export const REFRESH_JITTER_SHARE = 0.02;

/**
 * Milliseconds before a record that belongs to a found instance and did not come with it is asked for;
 * doubled each time.
 */
export const MISSING_DELAY_MS = 200;

/** Times a missing record is asked for; with the doubling this covers about 25 s. */
export const MISSING_ATTEMPTS = 7;

/** Missing records asked for at once on one interface: a flood of empty instances makes no flood of questions. */
export const MAX_OPEN_QUESTIONS = 256;

/** Questions in one query message: 20 worst-case names stay below MAX_SENT_BYTES with compression. */
export const MAX_QUESTIONS_PER_QUERY = 16;

/** Records remembered per interface: 1,000 peers with five records each, and room for other devices' addresses. */
export const MAX_RECORDS = 8_192;

/**
 * Records remembered of one source address: many peers on one machine are fine, a liar fills an eighth of the
 * room.
 */
export const MAX_RECORDS_PER_SOURCE = 1_024;

/** Milliseconds in which changes gather before browsers are told: one packet's records arrive as one event. */
export const SETTLE_MS = 10;

/** Milliseconds between two such looks at all that is known: a full cache takes some 20 ms to look through. */
export const SETTLE_SPACING_MS = 100;

/**
 * Milliseconds between two rounds of questions for single records, so that those due in one moment share
 * messages.
 */
export const ASK_SPACING_MS = 100;

/**
 * Records asked for again in one such round, the rest in the next: who fills the cache makes no storm of
 * questions.
 */
export const MAX_REFRESHES_PER_ROUND = 128;

/**
 * Milliseconds between looks at the list of network interfaces: a plugged cable counts within seconds, at no
 * cost.
 */
export const INTERFACE_POLL_MS = 2_000;

/** Milliseconds by which a look may be late before the machine is taken to have slept. */
export const SLEEP_GAP_MS = 10_000;

/** Milliseconds that what was known before a sleep lives on without being confirmed. */
export const RECONFIRM_MS = 10_000;

/** Milliseconds that closing waits for the goodbyes to leave. */
export const GOODBYE_DEADLINE_MS = 500;
