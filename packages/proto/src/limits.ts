/** The one wire version. Any change of the wire raises it; there are no shims for others. */
export const PROTOCOL_VERSION = 5;
/** Application protocol of the TLS handshake (RFC 7301): a peer of another wire version gets no further. */
export const ALPN = `lanspread/${PROTOCOL_VERSION}`;

const KIB = 1024;
const MIB = 1024 * KIB;

/** Request frame, bytes: the longest path (1,024 bytes) escaped to six characters each, with room to spare. */
export const MAX_REQUEST_BYTES = 64 * KIB;
/** `hello` and `library_delta` frame, bytes: they carry a library, and 8 MiB hold over 20,000 games. */
export const MAX_HELLO_BYTES = 8 * MIB;
/** Answer frame, bytes: a manifest of some 80,000 files with usual paths. Raw bytes that follow a frame do not count. */
export const MAX_RESPONSE_BYTES = 8 * MIB;
/** Entries of a manifest's file list: what a few hundred milliseconds check and one directory walk finds. */
export const MAX_MANIFEST_FILES = 100_000;
/** Games in one snapshot or delta; must be below what fits in {@link MAX_HELLO_BYTES}. */
export const MAX_LIBRARY_GAMES = 20_000;
/** Streams open at once on one connection: must exceed a downloader's window of units many times over. */
export const MAX_STREAMS_PER_CONNECTION = 256;
/** Inbound connections from one address: several lanes of several peers behind one address, and no more. */
export const MAX_CONNECTIONS_PER_ADDRESS = 64;
/** `length` of `get_game_file_chunk`, bytes: must be at least a downloader's largest unit (8 MiB). */
export const MAX_CHUNK_BYTES = 32 * MIB;
/** Smallest piece, bytes: a flipped bit costs at most this much again, and 50 GB need no more than 16,384 of 4 MiB. */
export const MIN_PIECE_BYTES = MIB;
/** Largest piece, bytes: must be at most {@link MAX_CHUNK_BYTES}, so that one request can fetch any piece. */
export const MAX_PIECE_BYTES = MAX_CHUNK_BYTES;
/** Pieces of a game above which the piece size is doubled: their digests (512 KiB) go over the wire at once. */
export const MAX_PIECES = 16_384;
/**
 * Pieces of any game, also where the piece size can be doubled no more: {@link MAX_PIECES} whole ones and a short one for
 * each of {@link MAX_MANIFEST_FILES} files. Keeps digests below 4 MiB and a game's bytes below 2^53.
 */
export const MAX_MANIFEST_PIECES = MAX_PIECES + MAX_MANIFEST_FILES;
/** Path on the wire, bytes of UTF-8: below what common systems open (Linux 4,096), with room for the games directory. */
export const MAX_PATH_BYTES = 1_024;
/** One component of a path, bytes of UTF-8: what common file systems store. */
export const MAX_COMPONENT_BYTES = 255;
/** A peer's or party's name, UTF-16 units: fits a TXT string of 255 bytes with its key at three bytes each. */
export const MAX_NAME_LENGTH = 64;
/** A game's name, UTF-16 units: what a list can show. */
export const MAX_GAME_NAME_LENGTH = 200;
/** Message of an error answer, UTF-16 units: what a person reads. Longer ones are cut. */
export const MAX_ERROR_MESSAGE_LENGTH = 2_000;
/** `features` of a `hello`: a peer lists what it can do, not what it has. */
export const MAX_FEATURES = 32;
/** One entry of `features`, UTF-16 units. */
export const MAX_FEATURE_LENGTH = 64;
/** Payload of one raw frame of a streamed install, bytes: bounds what a receiver buffers. */
export const MAX_TAGGED_FRAME_BYTES = MIB;
/** Payload of one control frame of a streamed install, bytes: one path and a few numbers, as a request. */
export const MAX_CONTROL_FRAME_BYTES = MAX_REQUEST_BYTES;
/** Depth of objects and lists in a message: the deepest one (a manifest's files) has 4. Deeper JSON is costly to parse. */
export const MAX_MESSAGE_DEPTH = 8;
/**
 * Objects and lists in a message: a manifest has one for each of {@link MAX_MANIFEST_FILES}, with room to spare. Millions of empty ones
 * keep `JSON.parse` busy for half a second.
 */
export const MAX_MESSAGE_OBJECTS = 150_000;
/** One `key=value` string of a TXT record, bytes (RFC 6763 section 6.1). */
export const MAX_TXT_STRING_BYTES = 255;
/** Byte counts and offsets on the wire are JSON integers below 2^53. */
export const MAX_SAFE_COUNT = Number.MAX_SAFE_INTEGER;
