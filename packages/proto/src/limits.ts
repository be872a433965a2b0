/** The one wire version. Any change of the wire raises it; there are no shims for others. */
export const PROTOCOL_VERSION = 5;
/** Application protocol of the TLS handshake (RFC 7301): a peer of another wire version gets no further. */
export const ALPN = `lanspread/${PROTOCOL_VERSION}`;

const KIB = 1024;
const MIB = 1024 * KIB;

/** Request frame, bytes: the longest path (1,024 bytes) escaped to six characters each, with room to spare. */
export const MAX_REQUEST_BYTES = 64 * KIB;
/** `hello` and `library_delta` carry a library: 8 MiB hold over 20,000 games. */
export const MAX_LIBRARY_REQUEST_BYTES = 8 * MIB;
/** Answer frame, bytes: a manifest of some 80,000 files with usual paths. Raw bytes that follow a frame do not count. */
export const MAX_RESPONSE_BYTES = 8 * MIB;
/** Entries of a manifest's file list. */
export const MAX_MANIFEST_FILES = 100_000;
/** Games in one snapshot or delta; must be below what fits in {@link MAX_LIBRARY_REQUEST_BYTES}. */
export const MAX_LIBRARY_GAMES = 20_000;
/** Streams open at once on one connection: must exceed a downloader's window of units many times over. */
export const MAX_STREAMS_PER_CONNECTION = 256;
/** Inbound connections from one address: several lanes of several peers behind one address, and no more. */
export const MAX_CONNECTIONS_PER_ADDRESS = 64;
/** `length` of `get_game_file_chunk`, bytes: must be at least a downloader's largest unit (8 MiB). */
export const MAX_CHUNK_BYTES = 32 * MIB;
/** Smallest piece, bytes: a flipped bit costs at most this much again, and 50 GB need no more than 16,384 of 4 MiB. */
export const MIN_PIECE_BYTES = MIB;
/** Pieces of a game before the piece size is doubled: their digests (512 KiB) go over the wire at once. */
export const MAX_PIECES = 16_384;
/** Path on the wire, bytes of UTF-8. */
export const MAX_PATH_BYTES = 1_024;
/** One component of a path, bytes of UTF-8: what common file systems store. */
export const MAX_COMPONENT_BYTES = 255;
/** A peer's or party's name, UTF-16 units: fits a TXT string of 255 bytes with its key at three bytes each. */
export const MAX_NAME_LENGTH = 64;
/** Payload of one tagged frame of a streamed install, bytes: bounds what a receiver buffers. */
export const MAX_TAGGED_FRAME_BYTES = MIB;
/** Byte counts and offsets on the wire are JSON integers below 2^53. */
export const MAX_SAFE_COUNT = Number.MAX_SAFE_INTEGER;
