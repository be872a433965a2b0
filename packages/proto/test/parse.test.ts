import { describe, expect, it } from "vitest";
import {
  encodeFrame,
  errorAnswer,
  type Hash,
  MAX_ERROR_MESSAGE_LENGTH,
  MAX_HELLO_BYTES,
  MAX_LIBRARY_GAMES,
  MAX_MANIFEST_FILES,
  MAX_MESSAGE_DEPTH,
  MAX_MESSAGE_OBJECTS,
  MAX_REQUEST_BYTES,
  parseAnswer,
  parseRequest,
  RESET,
  WireError,
} from "../src/index.ts";

const utf8 = (text: string) => new TextEncoder().encode(text);
const json = (value: unknown) => utf8(JSON.stringify(value));
const refusal = (parse: (body: Uint8Array) => unknown, body: Uint8Array): WireError => {
  try {
    parse(body);
  } catch (error) {
    if (error instanceof WireError) return error;
    throw error;
  }
  throw new Error("nothing was refused");
};

const peer = "5a1f0c3e-9b7d-8e21-a4c6-0123456789ab";
const hash = "a".repeat(64) as Hash;
const game = {
  id: "ggoo",
  name: "Ggoo",
  version: "20180412",
  size: 10,
  downloaded: true,
  installed: false,
  manifest_hash: hash,
  content_id: null,
  availability: "ready",
};
const hello = {
  type: "hello",
  peer_id: peer,
  proto_ver: 5,
  listen_addr: "10.0.0.1:4000",
  name: "Alice",
  party: "lan",
  features: [],
  library: { library_rev: 1, games: [game] },
};
const manifest = (changes: object) => ({
  type: "game",
  manifest: {
    game_id: "ggoo",
    version: "20180412",
    manifest_hash: hash,
    content_id: null,
    piece_size: 1_048_576,
    files: [{ path: "a.eti", size: 10 }],
    ...changes,
  },
});

describe("what is no JSON in UTF-8 is refused", () => {
  it.each([
    ["nothing", new Uint8Array()],
    ["text that is not JSON", utf8("hello")],
    ["two values", utf8('{"type":"list_games"}{"type":"list_games"}')],
    ["a comment", utf8('{"type":"list_games"} // all')],
    ["a byte order mark", utf8('\ufeff{"type":"list_games"}')],
    ["a broken sequence", Uint8Array.of(0x7b, 0xc3, 0x28, 0x7d)],
    ["an encoded surrogate", Uint8Array.of(0x22, 0xed, 0xa0, 0x80, 0x22)],
    ["an overlong encoding", Uint8Array.of(0xc0, 0x80)],
    ["UTF-16", Buffer.from('{"type":"list_games"}', "utf16le")],
    ["NaN", utf8('{"type":"ping","peer_id":NaN}')],
  ])("%s", (_what, body) => {
    expect(refusal(parseRequest, body)).toMatchObject({ code: "bad_request", reset: RESET.malformed });
    expect(refusal(parseAnswer, body).code).toBe("bad_request");
  });
});

describe("what is no known message is refused", () => {
  it.each([
    ["null", null],
    ["a list", [{ type: "list_games" }]],
    ["a string", "list_games"],
    ["no type", {}],
    ["a type that is inherited", { type: "constructor" }],
    ["a type that is no string", { type: ["list_games"] }],
    ["an answer", { type: "ok" }],
    ["an extra field", { type: "list_games", limit: 1 }],
    [
      "an offset below 0",
      { type: "get_game_file_chunk", game_id: "g", manifest_hash: hash, path: "a", offset: -1, length: 1 },
    ],
    [
      "an offset of 2^53",
      {
        type: "get_game_file_chunk",
        game_id: "g",
        manifest_hash: hash,
        path: "a",
        offset: 2 ** 53,
        length: 1,
      },
    ],
    [
      "a chunk of nothing",
      { type: "get_game_file_chunk", game_id: "g", manifest_hash: hash, path: "a", offset: 0, length: 0 },
    ],
    [
      "a chunk over 32 MiB",
      {
        type: "get_game_file_chunk",
        game_id: "g",
        manifest_hash: hash,
        path: "a",
        offset: 0,
        length: 33_554_433,
      },
    ],
    ["a game id in capitals", { type: "get_game", game_id: "GGOO" }],
    ["a game id with a path", { type: "get_game", game_id: "../x" }],
    ["a game id with a line break", { type: "get_game", game_id: "ggoo\n" }],
    ["a game id of 64 characters", { type: "get_game", game_id: "g".repeat(64) }],
    ["a peer id of UUID version 4", { type: "ping", peer_id: "5a1f0c3e-9b7d-4e21-a4c6-0123456789ab" }],
    ["a peer id in capitals", { type: "ping", peer_id: peer.toUpperCase() }],
    ["a hash in capitals", { type: "get_piece_hashes", game_id: "g", manifest_hash: "A".repeat(64) }],
    ["a listener without a port", { ...hello, listen_addr: "10.0.0.1" }],
    ["a listener by name", { ...hello, listen_addr: "alice.local:4000" }],
    ["a name with an escape sequence", { ...hello, name: "\u001b[2J" }],
    ["a name that turns the text behind it", { ...hello, name: "Ada\u202e" }],
    ["a name that is isolated from nothing", { ...hello, name: "Ada\u2068" }],
    ["a name of two lines", { ...hello, name: "Ada\u2028admin" }],
    ["a party that turns the text behind it", { ...hello, party: "lan\u202d" }],
    [
      "a game's name that turns the text behind it",
      { ...hello, library: { library_rev: 1, games: [{ ...game, name: "exe.\u202egnp" }] } },
    ],
    ["a name with half a character", { ...hello, name: "\ud83d" }],
    ["an empty name", { ...hello, name: "" }],
    ["a name of 65 characters", { ...hello, name: "x".repeat(65) }],
    [
      "a dotted version",
      { ...hello, library: { library_rev: 1, games: [{ ...game, version: "2018.04.12" }] } },
    ],
    ["a game twice in one library", { ...hello, library: { library_rev: 1, games: [game, game] } }],
    [
      "a game that is ready but not downloaded",
      { ...hello, library: { library_rev: 1, games: [{ ...game, downloaded: false }] } },
    ],
    [
      "a game both changed and removed",
      {
        type: "library_delta",
        peer_id: peer,
        delta: { from_rev: 1, to_rev: 2, added: [], updated: [game], removed: ["ggoo"] },
      },
    ],
    ["a digest of the library beside it", { ...hello, library_digest: hash }],
  ])("%s", (_what, value) => {
    expect(refusal(parseRequest, json(value)).code).toBe("bad_request");
  });

  it("as are __proto__ and other inherited names as fields", () => {
    for (const field of ["__proto__", "constructor", "toString"]) {
      expect(refusal(parseRequest, utf8(`{"type":"list_games","${field}":{"x":1}}`)).code).toBe(
        "bad_request",
      );
    }
    expect(({} as { x?: number }).x).toBeUndefined();
  });

  it("naming the place", () => {
    const bad = { ...hello, library: { library_rev: 1, games: [game, { ...game, id: "x", size: "10" }] } };
    expect(refusal(parseRequest, json(bad)).message).toContain("library.games.1.size");
  });
});

describe("a manifest is refused", () => {
  it.each([
    [
      "with a path that climbs, naming it",
      { files: [{ path: "../x", size: 1 }] },
      '"../x": a component is . or ..',
    ],
    [
      "with two paths that differ in case",
      {
        files: [
          { path: "A", size: 1 },
          { path: "a", size: 1 },
        ],
      },
      '"a": the path differs only in case',
    ],
    [
      "out of order",
      {
        files: [
          { path: "b", size: 1 },
          { path: "a", size: 1 },
        ],
      },
      '"a": the list is not in order',
    ],
    ["with a piece size of its own", { piece_size: 2_097_152 }, "the piece size is 2097152"],
    ["with a piece size of 0", { piece_size: 0 }, "the piece size is 0"],
    [
      "of more pieces than anybody counts",
      { piece_size: 33_554_432, files: [{ path: "a", size: Number.MAX_SAFE_INTEGER }] },
      "are allowed",
    ],
  ])("%s", (_what, changes, reason) => {
    expect(() => parseAnswer(json(manifest({})))).not.toThrow();
    expect(refusal(parseAnswer, json(manifest(changes))).message).toContain(reason);
  });
});

describe("limits", () => {
  it("holds requests without a library to 64 KiB, to the byte", () => {
    const request = (length: number) => {
      const empty = json({ type: "get_game_file_data", game_id: "g", manifest_hash: hash, path: "" }).length;
      return json({
        type: "get_game_file_data",
        game_id: "g",
        manifest_hash: hash,
        path: "p".repeat(length - empty),
      });
    };
    expect(() => parseRequest(request(MAX_REQUEST_BYTES))).not.toThrow();
    expect(refusal(parseRequest, request(MAX_REQUEST_BYTES + 1)).reset).toBe(RESET.tooLarge);
  });

  it("lets a hello of the most games through, within its frame", () => {
    const games = Array.from({ length: MAX_LIBRARY_GAMES }, (_, index) => ({
      ...game,
      id: `game-${index}`,
      content_id: hash,
    }));
    const body = encodeFrame({ ...hello, library: { library_rev: 1, games } }, MAX_HELLO_BYTES).subarray(4);
    expect(body.length).toBeGreaterThan(MAX_REQUEST_BYTES);
    expect(parseRequest(body)).toMatchObject({ type: "hello" });
    const more = { ...hello, library: { library_rev: 1, games: [...games, { ...game, id: "one-more" }] } };
    expect(refusal(parseRequest, json(more)).message).toContain("20001 entries, 20000 are allowed");
  });

  it("counts entries before it looks at them", () => {
    const files = Array.from({ length: MAX_MANIFEST_FILES + 1 }, () => 1);
    expect(refusal(parseAnswer, json(manifest({ files }))).message).toContain("100001 entries");
  });

  it("stops at the first of millions of wrong items", () => {
    const bomb = utf8(`{"type":"hello","library":{"library_rev":1,"games":[${"1,".repeat(4_000_000)}1]}}`);
    expect(bomb.length).toBeLessThan(MAX_HELLO_BYTES);
    expect(refusal(parseRequest, bomb).code).toBe("bad_request");
  });

  it("refuses deep nesting unparsed, but not brackets in text", () => {
    const size = 10_000;
    const deep = utf8(`{"type":"hello","library":${"[".repeat(size)}${"]".repeat(size)}}`);
    expect(refusal(parseRequest, deep).message).toContain("nested too deep");
    const brackets = `${"[{".repeat(size)}\\"[{\\\\`;
    const text = utf8(
      `{"type":"get_game_file_data","game_id":"g","manifest_hash":"${hash}","path":"${brackets}"}`,
    );
    expect(parseRequest(text)).toMatchObject({ path: JSON.parse(`"${brackets}"`) });
    expect(MAX_MESSAGE_DEPTH).toBeGreaterThan(4);
  });

  it("refuses millions of empty objects and lists unparsed, and takes a manifest of the most files", () => {
    for (const empty of ["{},", "[],"]) {
      const bomb = utf8(`{"type":"ok","more":[${empty.repeat(2_000_000)}0]}`);
      expect(refusal(parseAnswer, bomb).message).toContain("more than 150000 objects and lists");
    }
    expect(MAX_MESSAGE_OBJECTS).toBeGreaterThan(MAX_MANIFEST_FILES + 10);
  });
});

describe("messages of errors", () => {
  it("are cut and stripped of what steers a terminal, on both ends", () => {
    const text = `\u001b[31m${"x".repeat(5_000)}\n`;
    const sent = errorAnswer("internal", text, false);
    expect(sent.message).toHaveLength(MAX_ERROR_MESSAGE_LENGTH);
    expect(sent.message).not.toMatch(/\p{Cc}/u);
    const received = parseAnswer(json({ ...sent, message: text }));
    expect(received).toEqual(sent);
  });

  it("of refusals stay short and clean whatever the field was called", () => {
    const { message } = refusal(
      parseRequest,
      json({ type: "list_games", [`\u001b${"k".repeat(60_000)}`]: 1 }),
    );
    expect(message.length).toBeLessThanOrEqual(MAX_ERROR_MESSAGE_LENGTH);
    expect(message).not.toMatch(/\p{Cc}/u);
  });

  it("never cut a character in half", () => {
    const { message } = errorAnswer("internal", "😀".repeat(2_000), false);
    expect(message.isWellFormed()).toBe(true);
  });
});
