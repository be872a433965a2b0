import fc from "fast-check";
import {
  type Announcement,
  type Answer,
  asGameId,
  asPeerId,
  checkPathSet,
  checkWirePath,
  comparePaths,
  type GameSummary,
  type GameVersion,
  type Hash,
  type LibraryChange,
  type LibrarySnapshot,
  MAX_CHUNK_BYTES,
  MAX_MANIFEST_PIECES,
  type Manifest,
  pieceSizeFor,
  type Request,
  type StreamControl,
  WIRE_ERROR_CODES,
} from "../../src/index.ts";

const hexDigit = fc.constantFrom(..."0123456789abcdef");
const hex = (length: number) => fc.string({ unit: hexDigit, minLength: length, maxLength: length });

export const hash = hex(64).map((text) => text as Hash);
export const peerId = fc
  .tuple(hex(8), hex(4), hex(3), fc.constantFrom(..."89ab"), hex(3), hex(12))
  .map(([a, b, c, variant, d, e]) => asPeerId(`${a}-${b}-8${c}-${variant}${d}-${e}`));
export const gameId = fc.stringMatching(/^[a-z0-9][a-z0-9_-]{0,62}$/).map(asGameId);
export const version = fc.stringMatching(/^[0-9]{1,32}$/).map((text) => text as GameVersion);
export const count = fc.maxSafeNat();

/** Well-formed text that breaks and turns nothing, with letters from everywhere. */
const shown = (maxLength: number) =>
  fc
    .string({ unit: "grapheme", minLength: 1, maxLength })
    .filter(
      (text) => text.length <= maxLength && !/[\p{Cc}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]/u.test(text),
    );
export const name = shown(64);

export const port = fc.integer({ min: 1, max: 65_535 });
export const listenAddress = fc
  .tuple(
    fc.oneof(
      fc.ipV4(),
      fc.ipV6().map((address) => `[${address}]`),
    ),
    port,
  )
  .map(([host, number]) => `${host}:${number}`);

/** A path that the rules allow. */
export const wirePath = fc
  .array(
    fc.oneof(
      fc.stringMatching(/^[a-zA-Z0-9_-]{1,12}(\.[a-z]{1,3})?$/),
      fc.string({ unit: "grapheme", minLength: 1, maxLength: 20 }).map((text) => text.normalize("NFC")),
    ),
    { minLength: 1, maxLength: 5 },
  )
  .map((components) => components.join("/"))
  .filter((path) => checkWirePath(path) === null);

const fileSize = fc.oneof(fc.nat(10), fc.nat(8 * 1024 * 1024), fc.integer({ min: 0, max: 2 ** 36 }));

/** Files that can lie beside each other, in the order of a manifest. */
export const files = fc
  .array(fc.record({ path: wirePath, size: fileSize }, { noNullPrototype: true }), { maxLength: 12 })
  .map((entries) => {
    const kept: { path: string; size: number }[] = [];
    for (const entry of entries) {
      if (checkPathSet([...kept, entry].map(({ path }) => path)) === null) kept.push(entry);
    }
    return kept.sort((a, b) => comparePaths(a.path, b.path));
  });

const shape = <T extends object>(model: { [Key in keyof T]: fc.Arbitrary<T[Key]> }): fc.Arbitrary<T> =>
  fc.record(model, { noNullPrototype: true }) as fc.Arbitrary<T>;

export const manifest: fc.Arbitrary<Manifest> = fc
  .record(
    { game_id: gameId, version, manifest_hash: hash, content_id: fc.option(hash), files },
    { noNullPrototype: true },
  )
  .map((fields) => ({ ...fields, piece_size: pieceSizeFor(fields.files) }));

export const summary: fc.Arbitrary<GameSummary> = shape<GameSummary>({
  id: gameId,
  name: shown(200),
  version,
  size: count,
  downloaded: fc.boolean(),
  installed: fc.boolean(),
  manifest_hash: hash,
  content_id: fc.option(hash),
  availability: fc.constantFrom("ready" as const, "local_only" as const),
}).filter((game) => game.downloaded || game.availability === "local_only");

const summaries = fc.uniqueArray(summary, { selector: (game) => game.id, maxLength: 5 });
export const snapshot = shape<LibrarySnapshot>({ library_rev: count, games: summaries });
export const change: fc.Arbitrary<LibraryChange> = fc
  .record({ from_rev: count, to_rev: count, games: summaries, cut: fc.tuple(fc.nat(5), fc.nat(5)) })
  .map(({ from_rev, to_rev, games, cut }) => {
    const [first = 0, second = 0] = [...cut].sort((a, b) => a - b);
    return {
      from_rev,
      to_rev,
      added: games.slice(0, first),
      updated: games.slice(first, second),
      removed: games.slice(second).map((game) => game.id),
    };
  });

const introduction = {
  peer_id: peerId,
  proto_ver: count,
  listen_addr: listenAddress,
  name,
  party: name,
  features: fc.array(fc.string({ maxLength: 64 }), { maxLength: 4 }),
  library: snapshot,
};
const content = { game_id: gameId, manifest_hash: hash };
const anyPath = fc.oneof(wirePath, fc.string({ unit: "binary" }));
const typed = <Type extends string, Model extends object>(type: Type, model: Model) => ({
  type: fc.constant(type),
  ...model,
});

/** An arbitrary of every request, by its type. */
export const requests: { [Type in Request["type"]]: fc.Arbitrary<Extract<Request, { type: Type }>> } = {
  hello: shape(typed("hello", introduction)),
  library_delta: shape(typed("library_delta", { peer_id: peerId, delta: change })),
  ping: shape(typed("ping", { peer_id: peerId })),
  goodbye: shape(typed("goodbye", { peer_id: peerId })),
  list_games: shape(typed("list_games", {})),
  get_game: shape(typed("get_game", { game_id: gameId })),
  get_piece_hashes: shape(typed("get_piece_hashes", content)),
  get_game_file_data: shape(typed("get_game_file_data", { ...content, path: anyPath })),
  get_game_file_chunk: shape(
    typed("get_game_file_chunk", {
      ...content,
      path: anyPath,
      offset: count,
      length: fc.integer({ min: 1, max: MAX_CHUNK_BYTES }),
    }),
  ),
  stream_install: shape(typed("stream_install", content)),
};

const error = shape(
  typed("error", {
    code: fc.constantFrom(...WIRE_ERROR_CODES),
    message: fc.string({ unit: "grapheme" }).filter((text) => !/\p{Cc}/u.test(text)),
    retryable: fc.boolean(),
  }),
);

/** An arbitrary of every answer, by its type. */
export const answers: { [Type in Answer["type"]]: fc.Arbitrary<Extract<Answer, { type: Type }>> } = {
  hello_ack: shape(typed("hello_ack", introduction)),
  ok: shape(typed("ok", {})),
  pong: shape(typed("pong", {})),
  games: shape(typed("games", { snapshot })),
  game: shape(typed("game", { manifest })),
  piece_hashes: shape(typed("piece_hashes", { count: fc.nat(MAX_MANIFEST_PIECES) })),
  file_data: shape(typed("file_data", { size: count })),
  error,
};

/** An arbitrary of every control frame of a streamed install, by its type. */
export const controls: {
  [Type in StreamControl["type"]]: fc.Arbitrary<Extract<StreamControl, { type: Type }>>;
} = {
  archive_begin: shape(
    typed("archive_begin", { name: anyPath, solid: fc.boolean(), unpacked_size: count, entries: count }),
  ),
  directory: shape(typed("directory", { path: anyPath })),
  file_begin: shape(typed("file_begin", { path: anyPath, size: count, mtime: fc.maxSafeInteger() })),
  file_end: shape(typed("file_end", { crc32: fc.nat(0xffff_ffff) })),
  complete: shape(typed("complete", { files: count, bytes: count })),
  error,
};

export const announcement: fc.Arbitrary<Announcement> = fc.record(
  {
    peer_id: peerId,
    proto_ver: count,
    library_rev: count,
    party: name,
    name,
    hostname: fc.domain(),
  },
  { requiredKeys: ["peer_id", "proto_ver", "library_rev", "party", "name"], noNullPrototype: true },
);
