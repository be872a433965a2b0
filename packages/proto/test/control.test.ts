import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  asGameId,
  asPeerId,
  type GameVersion,
  type Hash,
  harnessCommandSchema,
  harnessLineSchema,
  type ListedGame,
  type ListedPeer,
  type Manifest,
  RUNTIME_EVENT_TYPES,
  type RuntimeEventData,
  type RuntimeEventType,
  runtimeCommandSchema,
  toHarnessEvent,
  toSnakeCase,
} from "../src/index.ts";

const peerId = asPeerId("0f0e0d0c-0b0a-8908-8706-050403020100");
const gameId = asGameId("bf1942");
const version = "20180412" as GameVersion;
const manifestHash = "a".repeat(64) as Hash;
const manifest: Manifest = {
  game_id: gameId,
  version,
  manifest_hash: manifestHash,
  content_id: null,
  piece_size: 1_048_576,
  files: [{ path: "Some File.eti", size: 3 }],
};
const peer: ListedPeer = { peerId, name: "Anne", addr: "192.168.1.7:4000", libraryRev: 3, gameCount: 2 };
const peerLine = { peer_id: peerId, name: "Anne", addr: "192.168.1.7:4000", library_rev: 3, game_count: 2 };
const listed: ListedGame = {
  id: gameId,
  name: "Battlefield",
  version,
  size: 7,
  downloaded: true,
  installed: false,
  localVersion: version,
  availability: "ready",
  peerCount: 1,
  operation: null,
};
const reason = { code: "disk-full", message: "no room for aB", hint: "free some" };
const failure = { gameId, ...reason };
const failureLine = { game_id: gameId, ...reason };

type Examples = { [Type in RuntimeEventType]: [RuntimeEventData[Type], Record<string, unknown>] };

/** Every event of the runtime, and the data of its line. */
const EVENTS: Examples = {
  "local-peer-ready": [
    { peerId, addr: "127.0.0.1:4000", lanes: [4001, 4002] },
    { peer_id: peerId, addr: "127.0.0.1:4000", lanes: [4001, 4002] },
  ],
  "runtime-failed": [
    { code: "internal", message: "oops", hint: "tell us" },
    { code: "internal", message: "oops", hint: "tell us" },
  ],
  "peer-discovered": [peer, peerLine],
  "peer-updated": [peer, peerLine],
  "peer-lost": [
    { peerId, reason: "goodbye" },
    { peer_id: peerId, reason: "goodbye" },
  ],
  "peer-count-updated": [{ count: 1 }, { count: 1 }],
  "peer-incompatible": [
    { peerId: null, addr: "127.0.0.1:4000", reason: "version 4" },
    { peer_id: null, addr: "127.0.0.1:4000", reason: "version 4" },
  ],
  "peer-incompatible-gone": [{ peerId }, { peer_id: peerId }],
  "list-games": [
    { games: [listed] },
    {
      games: [
        {
          id: gameId,
          name: "Battlefield",
          version,
          size: 7,
          downloaded: true,
          installed: false,
          local_version: version,
          availability: "ready",
          peer_count: 1,
          operation: null,
        },
      ],
    },
  ],
  "local-library-changed": [
    {
      libraryRev: 4,
      games: [
        {
          id: gameId,
          version,
          size: 7,
          downloaded: true,
          installed: true,
          availability: "local_only",
          manifestHash,
          contentId: null,
          warnings: ["aB is left out"],
        },
      ],
      warnings: ["the games directory holds no games yet"],
    },
    {
      library_rev: 4,
      games: [
        {
          id: gameId,
          version,
          size: 7,
          downloaded: true,
          installed: true,
          availability: "local_only",
          manifest_hash: manifestHash,
          content_id: null,
          warnings: ["aB is left out"],
        },
      ],
      warnings: ["the games directory holds no games yet"],
    },
  ],
  "active-operations-changed": [
    { operations: [{ gameId, kind: "stream-installing" }] },
    { operations: [{ game_id: gameId, kind: "stream-installing" }] },
  ],
  "got-game-files": [
    { gameId, manifest, sources: [peerId] },
    { game_id: gameId, manifest, sources: [peerId] },
  ],
  "no-peers-have-game": [
    { gameId, message: "they have another content" },
    { game_id: gameId, message: "they have another content" },
  ],
  "download-begin": [
    { gameId, totalBytes: 10, pieces: 1 },
    { game_id: gameId, total_bytes: 10, pieces: 1 },
  ],
  "download-progress": [
    { gameId, doneBytes: 5, totalBytes: 10, bytesPerSecond: 2.5, etaSeconds: null, sources: 1 },
    { game_id: gameId, done_bytes: 5, total_bytes: 10, bytes_per_second: 2.5, eta_seconds: null, sources: 1 },
  ],
  "download-chunk-finished": [
    { gameId, peerId, path: "Data/aB.pak", offset: 0, length: 5, pieces: 1 },
    { game_id: gameId, peer_id: peerId, path: "Data/aB.pak", offset: 0, length: 5, pieces: 1 },
  ],
  "download-finished": [
    { gameId, bytes: 10, pieces: 1, retried: 0, elapsedMs: 5, mibPerS: 1.5, sources: { [peerId]: 10 } },
    {
      game_id: gameId,
      bytes: 10,
      pieces: 1,
      retried: 0,
      elapsed_ms: 5,
      mib_per_s: 1.5,
      sources: { [peerId]: 10 },
    },
  ],
  "download-failed": [failure, failureLine],
  "download-cancelled": [{ gameId }, { game_id: gameId }],
  "download-peers-gone": [
    { gameId, message: "all left" },
    { game_id: gameId, message: "all left" },
  ],
  "install-progress": [
    { gameId, phase: "unpacking", doneBytes: 1, totalBytes: 2, bytesPerSecond: 3, etaSeconds: null },
    {
      game_id: gameId,
      phase: "unpacking",
      done_bytes: 1,
      total_bytes: 2,
      bytes_per_second: 3,
      eta_seconds: null,
    },
  ],
  "install-finished": [
    { gameId, files: 1, bytes: 2, elapsedMs: 3 },
    { game_id: gameId, files: 1, bytes: 2, elapsed_ms: 3 },
  ],
  "install-failed": [failure, failureLine],
  "uninstall-finished": [{ gameId }, { game_id: gameId }],
  "uninstall-failed": [failure, failureLine],
  "stream-install-finished": [
    {
      gameId,
      files: 3,
      bytes: 7,
      retried: 1,
      elapsedMs: 12,
      mibPerS: 1.5,
      sources: { [peerId]: 7 },
      struckOut: [{ peerId, why: "its Stream ends" }],
    },
    {
      game_id: gameId,
      files: 3,
      bytes: 7,
      retried: 1,
      elapsed_ms: 12,
      mib_per_s: 1.5,
      sources: { [peerId]: 7 },
      struck_out: [{ peer_id: peerId, why: "its Stream ends" }],
    },
  ],
  "stream-install-failed": [failure, failureLine],
  "remove-progress": [
    { gameId, doneFiles: 1, totalFiles: 2, doneBytes: 3, totalBytes: 4 },
    { game_id: gameId, done_files: 1, total_files: 2, done_bytes: 3, total_bytes: 4 },
  ],
  "remove-finished": [
    { gameId, files: 3, bytes: 9, left: 1 },
    { game_id: gameId, files: 3, bytes: 9, left: 1 },
  ],
  "remove-failed": [failure, failureLine],
  "outbound-progress": [
    { transfers: [{ peerId, gameId, bytesPerSecond: 12 }] },
    { transfers: [{ peer_id: peerId, game_id: gameId, bytes_per_second: 12 }] },
  ],
  "progress-missed": [{ count: 3 }, { count: 3 }],
};

describe("an event becomes a line", () => {
  it("without the rates of the sources, which the line of progress does not have", () => {
    const [payload, data] = EVENTS["download-progress"];
    const rates = { [peerId]: 2.5 };
    expect(toHarnessEvent({ type: "download-progress", ...payload, rates }, 1).data).toEqual(data);
    const [install, line] = EVENTS["install-progress"];
    expect(toHarnessEvent({ type: "install-progress", ...install, rates }, 1).data).toEqual(line);
  });

  it("with the sources that were struck out, where there are any", () => {
    const [payload, data] = EVENTS["download-finished"];
    const struckOut = [{ peerId, why: "piece 3 came wrong" }];
    expect(toHarnessEvent({ type: "download-finished", ...payload, struckOut }, 1).data).toEqual({
      ...data,
      struck_out: [{ peer_id: peerId, why: "piece 3 came wrong" }],
    });
  });

  it.each(RUNTIME_EVENT_TYPES)("%s", (type) => {
    const [payload, data] = EVENTS[type];
    // The union of all events is that of all pairs of a name and its payload.
    const line = toHarnessEvent({ type, ...payload } as Parameters<typeof toHarnessEvent>[0], 1234);
    expect(line).toEqual({ type: "event", event: type, time: 1234, data });
    expect(harnessLineSchema.parse(JSON.parse(JSON.stringify(line)))).toEqual(line);
  });

  it("for every one there is", () => {
    expect([...RUNTIME_EVENT_TYPES].sort()).toEqual(Object.keys(EVENTS).sort());
  });
});

describe("snake_case", () => {
  it("changes names of fields at any depth, and no value", () => {
    const value = { aB: "aB", list: [{ cD: ["eF", { gH: null }] }], n: 1, t: true };
    expect(toSnakeCase(value)).toEqual({ a_b: "aB", list: [{ c_d: ["eF", { g_h: null }] }], n: 1, t: true });
  });

  it("keeps keys that are ids of peers and games", () => {
    const id = fc.oneof(fc.constant<string>(peerId), fc.stringMatching(/^[a-z0-9][a-z0-9_-]{0,62}$/));
    fc.assert(
      fc.property(fc.dictionary(id, fc.nat(), { noNullPrototype: true }), (map) => {
        expect(toSnakeCase({ map })).toEqual({ map });
      }),
    );
  });

  it("leaves names alone that have it already", () => {
    const name = fc.stringMatching(/^[a-z][a-z0-9_]{0,20}$/);
    fc.assert(
      fc.property(fc.dictionary(name, fc.json(), { noNullPrototype: true }), (value) => {
        expect(toSnakeCase(value)).toEqual(value);
      }),
    );
  });
});

/** One line of each command of the harness, without id and cmd, and what its defaults make of it. */
const HARNESS: Readonly<Record<string, [object, object]>> = {
  status: [{}, {}],
  "list-peers": [{}, {}],
  "list-games": [{}, {}],
  connect: [{ addr: "127.0.0.1:4000" }, { addr: "127.0.0.1:4000" }],
  "set-game-dir": [{ path: "/games" }, { path: "/games" }],
  "get-game": [{ game_id: gameId }, { game_id: gameId }],
  download: [{ game_id: gameId }, { game_id: gameId, install: true, latest: false }],
  install: [{ game_id: gameId }, { game_id: gameId }],
  uninstall: [{ game_id: gameId }, { game_id: gameId }],
  "stream-install": [{ game_id: gameId }, { game_id: gameId }],
  "remove-download": [{ game_id: gameId }, { game_id: gameId }],
  "cancel-download": [{ game_id: gameId }, { game_id: gameId }],
  "wait-peers": [{ count: 2 }, { count: 2, timeout_ms: 10_000 }],
  shutdown: [{}, {}],
};
const RUNTIME: Readonly<Record<string, [object, object]>> = {
  status: [{}, {}],
  "list-games": [{}, {}],
  "list-peers": [{}, {}],
  "get-peer-count": [{}, {}],
  "get-game": [{ gameId }, { gameId }],
  "fetch-latest-from-peers": [{ gameId }, { gameId }],
  "download-game-files": [{ gameId }, { gameId, install: true, latest: false }],
  "install-game": [{ gameId }, { gameId }],
  "uninstall-game": [{ gameId }, { gameId }],
  "stream-install-game": [{ gameId }, { gameId }],
  "remove-downloaded-game": [{ gameId }, { gameId }],
  "cancel-download": [{ gameId }, { gameId }],
  "set-game-dir": [{ path: "/games" }, { path: "/games" }],
  connect: [{ addr: "127.0.0.1:4000" }, { addr: "127.0.0.1:4000" }],
};

const namesOf = (
  schema: { readonly options: readonly { readonly shape: object }[] },
  key: string,
): string[] =>
  schema.options.map(({ shape }) => {
    const literal: unknown = Reflect.get(shape, key);
    return typeof literal === "object" && literal !== null ? String(Reflect.get(literal, "value")) : "";
  });

describe.each([
  ["the harness", harnessCommandSchema, "cmd", HARNESS, { id: 1 }],
  ["the runtime", runtimeCommandSchema, "type", RUNTIME, {}],
] as const)("commands of %s", (_, schema, key, examples, common) => {
  it("are these", () => {
    expect(namesOf(schema, key).sort()).toEqual(Object.keys(examples).sort());
  });

  it.each(Object.entries(examples))("%s", (name, [input, output]) => {
    const command = { ...common, [key]: name, ...input };
    expect(schema.parse(command)).toEqual({ ...common, [key]: name, ...output });
    expect(schema.safeParse({ ...command, extra: 1 }).success).toBe(false);
    for (const field of Object.keys(input)) {
      const without: Record<string, unknown> = { ...command };
      delete without[field];
      expect(schema.safeParse(without).success).toBe(false);
      expect(schema.safeParse({ ...command, [field]: {} }).success).toBe(false);
    }
  });
});

it.each([
  ["no id", { cmd: "status" }],
  ["an id that is a list", { id: [1], cmd: "status" }],
  ["an id of any length", { id: "x".repeat(201), cmd: "status" }],
  ["an unknown command", { id: 1, cmd: "format" }],
  ["a game id that is a path", { id: 1, cmd: "install", game_id: "../x" }],
  ["a negative count", { id: 1, cmd: "wait-peers", count: -1 }],
  ["to wait for ever", { id: 1, cmd: "wait-peers", count: 1, timeout_ms: 1e12 }],
  ["text for a flag", { id: 1, cmd: "download", game_id: gameId, install: "yes" }],
  ["no path", { id: 1, cmd: "set-game-dir", path: "" }],
  ["a path with a NUL", { id: 1, cmd: "set-game-dir", path: "/games\0" }],
])("a line is refused with %s", (_, line) => {
  expect(harnessCommandSchema.safeParse(line).success).toBe(false);
});

it("lines of output are results, errors and events, and nothing else", () => {
  const good = [
    { type: "result", id: "a", cmd: "status", data: { peer_id: peerId } },
    { type: "error", id: null, cmd: null, code: "bad-request", message: "no JSON" },
    {
      type: "error",
      id: 1,
      cmd: "install",
      code: "not-downloaded",
      message: "…",
      hint: "Download it first.",
    },
    { type: "event", event: "peer-lost", time: 1, data: {} },
  ];
  for (const line of good) expect(harnessLineSchema.parse(line)).toEqual(line);
  for (const line of [
    ...good.map((one) => ({ ...one, extra: 1 })),
    { type: "log" },
    { type: "result", id: 1, cmd: "x" },
  ]) {
    expect(harnessLineSchema.safeParse(line).success).toBe(false);
  }
});
