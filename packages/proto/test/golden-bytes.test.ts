import { expect, it } from "vitest";
import {
  type Answer,
  answerSchema,
  asGameId,
  asPeerId,
  encodeControlFrame,
  encodeFrame,
  encodeTaggedFrame,
  FrameDecoder,
  type GameSummary,
  type GameVersion,
  type Hash,
  MAX_RESPONSE_BYTES,
  parseAnswer,
  parseRequest,
  parseStreamControl,
  type Request,
  requestSchema,
  type StreamControl,
  streamControlSchema,
  TAG,
  TaggedFrameDecoder,
} from "../src/index.ts";

// These bytes are the protocol. If one of these tests fails, either the change is a mistake or PROTOCOL_VERSION rises.

const alice = asPeerId("5a1f0c3e-9b7d-8e21-a4c6-0123456789ab");
const ggoo = asGameId("ggoo");
const version = "20180412" as GameVersion;
const a = "a".repeat(64) as Hash;
const b = "b".repeat(64) as Hash;

const game: GameSummary = {
  id: ggoo,
  name: "Große Göttin",
  version,
  size: 5_000_000_000,
  downloaded: true,
  installed: false,
  manifest_hash: a,
  content_id: null,
  availability: "ready",
};
const gameText = `{"id":"ggoo","name":"Große Göttin","version":"20180412","size":5000000000,"downloaded":true,"installed":false,"manifest_hash":"${a}","content_id":null,"availability":"ready"}`;
const busyText = gameText.replace(
  '"content_id":null,"availability":"ready"',
  `"content_id":"${b}","availability":"local_only"`,
);
const busy: GameSummary = { ...game, content_id: b, availability: "local_only" };

const introduction = {
  peer_id: alice,
  proto_ver: 5,
  listen_addr: "192.168.1.7:4000",
  name: "Alice",
  party: "lan",
  features: [],
  library: { library_rev: 3, games: [game] },
};
const introductionText = `"peer_id":"5a1f0c3e-9b7d-8e21-a4c6-0123456789ab","proto_ver":5,"listen_addr":"192.168.1.7:4000","name":"Alice","party":"lan","features":[],"library":{"library_rev":3,"games":[${gameText}]}`;

interface Golden<Message> {
  readonly label: string;
  readonly message: Message;
  /** Length of the body, as it stands in the header. */
  readonly header: string;
  readonly body: string;
}

const requests: Golden<Request>[] = [
  {
    label: "hello with a library of one game",
    message: { type: "hello", ...introduction },
    header: "000001ae",
    body: `{"type":"hello",${introductionText}}`,
  },
  {
    label: "library_delta: one game more, one changed, one gone",
    message: {
      type: "library_delta",
      peer_id: alice,
      delta: {
        from_rev: 3,
        to_rev: 4,
        added: [game],
        updated: [{ ...busy, id: asGameId("cnc4") }],
        removed: [asGameId("bf1942")],
      },
    },
    header: "000002b3",
    body: `{"type":"library_delta","peer_id":"5a1f0c3e-9b7d-8e21-a4c6-0123456789ab","delta":{"from_rev":3,"to_rev":4,"added":[${gameText}],"updated":[${busyText.replace("ggoo", "cnc4")}],"removed":["bf1942"]}}`,
  },
  {
    label: "ping",
    message: { type: "ping", peer_id: alice },
    header: "00000040",
    body: '{"type":"ping","peer_id":"5a1f0c3e-9b7d-8e21-a4c6-0123456789ab"}',
  },
  {
    label: "goodbye",
    message: { type: "goodbye", peer_id: alice },
    header: "00000043",
    body: '{"type":"goodbye","peer_id":"5a1f0c3e-9b7d-8e21-a4c6-0123456789ab"}',
  },
  { label: "list_games", message: { type: "list_games" }, header: "00000015", body: '{"type":"list_games"}' },
  {
    label: "get_game",
    message: { type: "get_game", game_id: ggoo },
    header: "00000024",
    body: '{"type":"get_game","game_id":"ggoo"}',
  },
  {
    label: "get_piece_hashes",
    message: { type: "get_piece_hashes", game_id: ggoo, manifest_hash: a },
    header: "0000007f",
    body: `{"type":"get_piece_hashes","game_id":"ggoo","manifest_hash":"${a}"}`,
  },
  {
    label: "get_game_file_data of a path with umlauts",
    message: { type: "get_game_file_data", game_id: ggoo, manifest_hash: a, path: "Sprüche/ä.txt" },
    header: "0000009a",
    body: `{"type":"get_game_file_data","game_id":"ggoo","manifest_hash":"${a}","path":"Sprüche/ä.txt"}`,
  },
  {
    label: "get_game_file_chunk behind 4 GiB",
    message: {
      type: "get_game_file_chunk",
      game_id: ggoo,
      manifest_hash: a,
      path: "ggoo.eti",
      offset: 4_294_967_296,
      length: 8_388_608,
    },
    header: "000000b9",
    body: `{"type":"get_game_file_chunk","game_id":"ggoo","manifest_hash":"${a}","path":"ggoo.eti","offset":4294967296,"length":8388608}`,
  },
  {
    label: "stream_install",
    message: { type: "stream_install", game_id: ggoo, manifest_hash: a },
    header: "0000007d",
    body: `{"type":"stream_install","game_id":"ggoo","manifest_hash":"${a}"}`,
  },
];

const answers: Golden<Answer>[] = [
  {
    label: "hello_ack with a library of one game",
    message: { type: "hello_ack", ...introduction },
    header: "000001b2",
    body: `{"type":"hello_ack",${introductionText}}`,
  },
  { label: "ok", message: { type: "ok" }, header: "0000000d", body: '{"type":"ok"}' },
  { label: "pong", message: { type: "pong" }, header: "0000000f", body: '{"type":"pong"}' },
  {
    label: "games: an empty library",
    message: { type: "games", snapshot: { library_rev: 0, games: [] } },
    header: "00000038",
    body: '{"type":"games","snapshot":{"library_rev":0,"games":[]}}',
  },
  {
    label: "game: a manifest of two files",
    message: {
      type: "game",
      manifest: {
        game_id: ggoo,
        version,
        manifest_hash: a,
        content_id: b,
        piece_size: 1_048_576,
        files: [
          { path: "ggoo.eti", size: 5_000_000 },
          { path: "version.ini", size: 8 },
        ],
      },
    },
    header: "00000147",
    body: `{"type":"game","manifest":{"game_id":"ggoo","version":"20180412","manifest_hash":"${a}","content_id":"${b}","piece_size":1048576,"files":[{"path":"ggoo.eti","size":5000000},{"path":"version.ini","size":8}]}}`,
  },
  {
    label: "piece_hashes: 160 raw bytes follow",
    message: { type: "piece_hashes", count: 5 },
    header: "00000021",
    body: '{"type":"piece_hashes","count":5}',
  },
  {
    label: "file_data: 8 MiB of raw bytes follow",
    message: { type: "file_data", size: 8_388_608 },
    header: "00000023",
    body: '{"type":"file_data","size":8388608}',
  },
  {
    label: "error",
    message: { type: "error", code: "not_downloaded", message: "ggoo is not here", retryable: false },
    header: "00000057",
    body: '{"type":"error","code":"not_downloaded","message":"ggoo is not here","retryable":false}',
  },
];

const controls: Golden<StreamControl>[] = [
  {
    label: "archive_begin of a solid archive",
    message: {
      type: "archive_begin",
      name: "ggoo.eti",
      solid: true,
      unpacked_size: 5_000_000_000,
      entries: 3,
    },
    header: "000000005e",
    body: '{"type":"archive_begin","name":"ggoo.eti","solid":true,"unpacked_size":5000000000,"entries":3}',
  },
  {
    label: "directory",
    message: { type: "directory", path: "data/maps" },
    header: "0000000027",
    body: '{"type":"directory","path":"data/maps"}',
  },
  {
    label: "file_begin of a file from before 1970",
    message: { type: "file_begin", path: "data/a.bin", size: 3, mtime: -1000 },
    header: "0000000040",
    body: '{"type":"file_begin","path":"data/a.bin","size":3,"mtime":-1000}',
  },
  {
    label: "file_end of a checksum above 2^31",
    message: { type: "file_end", crc32: 4_294_967_295 },
    header: "0000000026",
    body: '{"type":"file_end","crc32":4294967295}',
  },
  {
    label: "complete",
    message: { type: "complete", files: 2, bytes: 5_000_000_000 },
    header: "0000000030",
    body: '{"type":"complete","files":2,"bytes":5000000000}',
  },
  {
    label: "error: the request is refused",
    message: { type: "error", code: "operation_active", message: "ggoo is being installed", retryable: true },
    header: "000000005f",
    body: '{"type":"error","code":"operation_active","message":"ggoo is being installed","retryable":true}',
  },
];

function bytesOf({ header, body }: { header: string; body: string }): Uint8Array {
  return Buffer.concat([Buffer.from(header, "hex"), Buffer.from(body, "utf8")]);
}

/** Hex and text side by side, so that a difference can be read. */
function readable(frame: Uint8Array, headerBytes: number): string {
  const bytes = Buffer.from(frame);
  return `${bytes.subarray(0, headerBytes).toString("hex")} ${bytes.subarray(headerBytes).toString("utf8")}`;
}

function bodyOf(frame: Uint8Array): Uint8Array {
  const decoder = new FrameDecoder(MAX_RESPONSE_BYTES);
  decoder.push(frame);
  return decoder.next() ?? new Uint8Array();
}

it.each(requests)("request $label", (golden) => {
  expect(readable(encodeFrame(golden.message), 4)).toBe(readable(bytesOf(golden), 4));
  expect(parseRequest(bodyOf(bytesOf(golden)))).toEqual(golden.message);
});

it.each(answers)("answer $label", (golden) => {
  expect(readable(encodeFrame(golden.message), 4)).toBe(readable(bytesOf(golden), 4));
  expect(parseAnswer(bodyOf(bytesOf(golden)))).toEqual(golden.message);
});

it.each(controls)("control frame $label", (golden) => {
  expect(readable(encodeControlFrame(golden.message), 5)).toBe(readable(bytesOf(golden), 5));
  const decoder = new TaggedFrameDecoder();
  decoder.push(bytesOf(golden));
  const frame = decoder.next();
  expect(frame?.tag).toBe(TAG.control);
  expect(parseStreamControl(frame?.body ?? new Uint8Array())).toEqual(golden.message);
});

it("raw frame of a streamed install", () => {
  const frame = encodeTaggedFrame(TAG.data, Uint8Array.of(0xde, 0xad, 0xbe, 0xef));
  expect(Buffer.from(frame).toString("hex")).toBe("0100000004deadbeef");
});

it("has bytes for every message there is", () => {
  const types = (union: { options: readonly { shape: { type: { value: string } } }[] }) =>
    union.options.map((option) => option.shape.type.value);
  const covered = (goldens: readonly Golden<{ type: string }>[]) =>
    goldens.map((golden) => golden.message.type);
  expect(covered(requests)).toEqual(types(requestSchema));
  expect(covered(answers)).toEqual(types(answerSchema));
  expect(covered(controls)).toEqual(types(streamControlSchema));
});
