import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { setImmediate as nextTurn } from "node:timers/promises";
import { asGameId, type HarnessCommandInput, type HarnessLine, harnessLineSchema } from "@lanspread/proto";
import { eventually } from "@lanspread/testkit";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createControlSession, type Peer } from "../../src/index.ts";
import { makeGame, offered, Party } from "../runtime/party.ts";

let party: Party;

beforeEach(async () => {
  party = await Party.make();
});

afterEach(() => party[Symbol.asyncDispose]());

/** A client of a session: what it was told, and what was asked of its host, in one order. */
function converse(peer: Peer) {
  const lines: HarnessLine[] = [];
  const story: string[] = [];
  let lastId = 0;
  const session = createControlSession({
    peer,
    writeLine: async (text) => {
      await nextTurn();
      const line = harnessLineSchema.parse(JSON.parse(text));
      lines.push(line);
      story.push(line.type === "event" ? line.event : `${line.type} ${line.cmd}`);
    },
    onShutdown: () => story.push("shut down"),
  });
  const answers = (): HarnessLine[] => lines.filter(({ type }) => type !== "event");
  return {
    session,
    lines,
    story,
    answers,
    /** Everything that a line of input is answered with. */
    say: async (text: string): Promise<HarnessLine[]> => {
      const before = answers().length;
      session.takeLine(text);
      await session.idle();
      return answers().slice(before);
    },
    /** The answer to a command. */
    ask: async (command: HarnessCommandInput): Promise<HarnessLine> => {
      lastId += 1;
      const id = lastId;
      session.takeLine(JSON.stringify({ id, ...command }));
      return await eventually(() => answers().find((line) => line.type !== "event" && line.id === id), {
        what: `the answer to ${command.cmd}`,
      });
    },
    event: (type: string) =>
      eventually(() => lines.filter((line) => line.type === "event").find(({ event }) => event === type), {
        what: type,
      }),
  };
}

/** The names of the fields, and of those of what they hold: `games[].id`. */
function keysOf(value: unknown, at = ""): string[] {
  if (Array.isArray(value)) return keysOf(value[0], `${at}[]`);
  if (typeof value !== "object" || value === null) return [at];
  const fields = Object.entries(value);
  if (fields.length === 0) return [at];
  return fields.flatMap(([key, field]) => keysOf(field, at === "" ? key : `${at}.${key}`)).sort();
}

function dataOf(line: HarnessLine): Record<string, unknown> {
  if (line.type !== "result") throw new Error(JSON.stringify(line));
  return line.data;
}

const PEER_KEYS = ["addr", "game_count", "library_rev", "name", "peer_id"].map((key) => `peers[].${key}`);

describe("the result of a command", () => {
  it("has the fields that scripts rely on, and no others", async () => {
    const { gamesDir } = await party.folders("alpha");
    const gameId = await makeGame(gamesDir, "quake");
    const alpha = await party.start("alpha");
    const bravo = await party.start("bravo", { discovery: null });
    const client = converse(bravo.peer);

    const status = await client.ask({ cmd: "status" });
    expect(status).toMatchObject({ type: "result", id: 1, cmd: "status" });
    expect(Object.keys(status).sort()).toEqual(["cmd", "data", "id", "type"]);
    expect(keysOf(dataOf(status))).toEqual(
      [
        "addr",
        "games_dir",
        "lanes[]",
        "library_rev",
        "name",
        "operations[]",
        "outbound_transfers",
        "party",
        "peer_id",
        "rss_bytes",
      ].sort(),
    );

    const connected = await client.ask({ cmd: "connect", addr: alpha.peer.addr });
    expect(dataOf(connected)).toEqual({ peer_id: alpha.peer.peerId });
    await offered(bravo, gameId);
    const waited = await client.ask({ cmd: "wait-peers", count: 1 });
    expect(keysOf(dataOf(waited))).toEqual(PEER_KEYS);
    const peers = await client.ask({ cmd: "list-peers" });
    expect(keysOf(dataOf(peers))).toEqual(PEER_KEYS);

    const games = dataOf(await client.ask({ cmd: "list-games" }));
    expect(keysOf(games)).toEqual(
      [
        "availability",
        "downloaded",
        "id",
        "installed",
        "local_version",
        "name",
        "operation",
        "peer_count",
        "size",
        "version",
      ].map((key) => `games[].${key}`),
    );
    expect(games).toMatchObject({ games: [{ id: "quake", peer_count: 1, downloaded: false }] });

    const game = dataOf(await client.ask({ cmd: "get-game", game_id: gameId }));
    expect(keysOf(game)).toEqual([
      "manifest.content_id",
      "manifest.files[].path",
      "manifest.files[].size",
      "manifest.game_id",
      "manifest.manifest_hash",
      "manifest.piece_size",
      "manifest.version",
      "sources[]",
    ]);
    expect(game["sources"]).toEqual([alpha.peer.peerId]);

    const download = await client.ask({ cmd: "download", game_id: gameId, install: false });
    expect(dataOf(download)).toEqual({ accepted: true });
    await client.event("download-finished");
    expect(dataOf(await client.ask({ cmd: "install", game_id: gameId }))).toEqual({ accepted: true });
    await client.event("install-finished");
    expect(dataOf(await client.ask({ cmd: "uninstall", game_id: gameId }))).toEqual({ accepted: true });
    await client.event("uninstall-finished");
    expect(dataOf(await client.ask({ cmd: "remove-download", game_id: gameId }))).toEqual({ accepted: true });
    await client.event("remove-finished");

    const { gamesDir: other } = await party.folders("other");
    expect(dataOf(await client.ask({ cmd: "set-game-dir", path: other }))).toEqual({ games_dir: other });
    expect(dataOf(await client.ask({ cmd: "shutdown" }))).toEqual({});
  });

  it("says that a cancellation is accepted, and the status which operation it is of", async () => {
    const { gamesDir } = await party.folders("alpha");
    const gameId = await makeGame(gamesDir, "quake");
    const alpha = await party.start("alpha", {
      discovery: null,
      unpacker: {
        list: (_, { signal } = {}) => untilAborted(signal),
        unpack: ({ signal }) => untilAborted(signal),
        stream: ({ signal }) => untilAborted(signal),
      },
    });
    const client = converse(alpha.peer);
    expect(dataOf(await client.ask({ cmd: "download", game_id: gameId }))).toEqual({ accepted: true });
    await client.event("download-finished");
    const { operations } = dataOf(await client.ask({ cmd: "status" }));
    expect(operations).toEqual([{ game_id: gameId, kind: "installing" }]);
    expect(dataOf(await client.ask({ cmd: "cancel-download", game_id: gameId }))).toEqual({ accepted: true });
    expect(await client.event("download-cancelled")).toMatchObject({ data: { game_id: gameId } });
  });
});

/** Never ends by itself. */
function untilAborted(signal: AbortSignal | undefined): Promise<never> {
  return new Promise((_, reject) => {
    if (signal?.aborted === true) reject(signal.reason);
    signal?.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
}

describe("a line that is refused", () => {
  it.each<[string, string, { id: unknown; cmd: string | null; message: string }]>([
    ["no JSON", "{ no", { id: null, cmd: null, message: "The line is no JSON." }],
    ["no object", "null", { id: null, cmd: null, message: "expected object" }],
    ["a list", "[1]", { id: null, cmd: null, message: "expected object" }],
    ["without a command", '{"id":3}', { id: 3, cmd: null, message: "cmd: " }],
    ["an unknown command", '{"id":"a-1","cmd":"dance"}', { id: "a-1", cmd: "dance", message: "cmd: " }],
    ["without an id", '{"cmd":"status"}', { id: null, cmd: "status", message: "id: " }],
    ["an id that is no integer", '{"id":1.5,"cmd":"status"}', { id: null, cmd: "status", message: "id: " }],
    ["an id that is an object", '{"id":{},"cmd":"status"}', { id: null, cmd: "status", message: "id: " }],
    [
      "an id that is too long",
      `{"id":"${"i".repeat(201)}","cmd":"status"}`,
      { id: null, cmd: "status", message: "id: " },
    ],
    ["a command that is a number", '{"id":4,"cmd":4}', { id: 4, cmd: null, message: "cmd: " }],
    ["an unknown field", '{"id":5,"cmd":"status","x":1}', { id: 5, cmd: "status", message: '"x"' }],
    [
      "a field of another type",
      '{"id":6,"cmd":"install","game_id":6}',
      { id: 6, cmd: "install", message: "game_id: " },
    ],
  ])(
    "%s is answered with an error under its id, if it has one",
    async (_, text, { message, ...expected }) => {
      const { peer } = await party.start("alpha", { discovery: null });
      const client = converse(peer);
      const refusal = { type: "error", ...expected, code: "bad-request", hint: expect.any(String) };
      expect(await client.say(text)).toEqual([{ ...refusal, message: expect.stringContaining(message) }]);
      // And the next line is taken.
      expect(await client.say('{"id":9,"cmd":"list-peers"}')).toMatchObject([{ type: "result", id: 9 }]);
    },
  );

  it("too long to be read has an error without an id", async () => {
    const { peer } = await party.start("alpha", { discovery: null });
    const client = converse(peer);
    client.session.refuseLine();
    await client.session.idle();
    expect(client.answers()).toEqual([
      {
        type: "error",
        id: null,
        cmd: null,
        code: "bad-request",
        message: "The line is too long for a command.",
        hint: expect.any(String),
      },
    ]);
  });

  it("empty has no answer", async () => {
    const { peer } = await party.start("alpha", { discovery: null });
    expect(await converse(peer).say(" \r")).toEqual([]);
  });

  it("by the peer has the peer's code, message and hint", async () => {
    const { peer } = await party.start("alpha", { discovery: null });
    const client = converse(peer);
    const failure = await peer.send({ type: "connect", addr: peer.addr }).catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: "self-connect", hint: expect.any(String) });
    const { message, hint } = failure as { message: string; hint: string };
    expect(await client.ask({ cmd: "connect", addr: peer.addr })).toEqual({
      type: "error",
      id: 1,
      cmd: "connect",
      code: "self-connect",
      message,
      hint,
    });
    expect(await client.ask({ cmd: "uninstall", game_id: asGameId("doom") })).toMatchObject({
      type: "error",
      code: "not-installed",
    });
    expect(await client.ask({ cmd: "remove-download", game_id: asGameId("doom") })).toMatchObject({
      type: "error",
      code: "not-downloaded",
    });
    expect(await client.ask({ cmd: "cancel-download", game_id: asGameId("doom") })).toMatchObject({
      type: "error",
      code: "nothing-to-cancel",
    });
  });
});

describe("waiting for peers", () => {
  it("ends with an error that says how many came", async () => {
    const { peer } = await party.start("alpha", { discovery: null });
    expect(await converse(peer).ask({ cmd: "wait-peers", count: 2, timeout_ms: 0 })).toMatchObject({
      type: "error",
      id: 1,
      cmd: "wait-peers",
      code: "timeout",
      message: "0 of 2 peers were there after 0 ms.",
    });
  });

  it("ends at once where enough are there, and when the last one comes; others are answered meanwhile", async () => {
    const alpha = await party.start("alpha", { discovery: null });
    const client = converse(alpha.peer);
    expect(dataOf(await client.ask({ cmd: "wait-peers", count: 0, timeout_ms: 0 }))).toEqual({ peers: [] });
    const waiting = client.ask({ cmd: "wait-peers", count: 1 });
    await client.ask({ cmd: "list-peers" });
    expect(client.answers().map((line) => "id" in line && line.id)).toEqual([1, 3]);
    const bravo = await party.start("bravo", { discovery: null });
    await bravo.peer.send({ type: "connect", addr: alpha.peer.addr });
    expect(dataOf(await waiting)).toMatchObject({ peers: [{ peer_id: bravo.peer.peerId }] });
  });

  it("ends when the peer stops", async () => {
    const { peer } = await party.start("alpha", { discovery: null });
    const client = converse(peer);
    const waiting = client.ask({ cmd: "wait-peers", count: 1, timeout_ms: 3_600_000 });
    await peer.stop();
    expect(await waiting).toMatchObject({ type: "error", code: "shutting-down" });
  });
});

describe("a failure", () => {
  it("says what to do about it, and of this very one where more is known", async () => {
    const { gamesDir } = await party.folders("alpha");
    const gameId = await makeGame(gamesDir, "quake");
    await mkdir(join(gamesDir, gameId, ".local.installing"));
    const { peer } = await party.start("alpha", { discovery: null });
    const client = converse(peer);
    await client.ask({ cmd: "install", game_id: gameId });
    expect((await client.event("install-failed")).data).toEqual({
      game_id: gameId,
      code: "already-exists",
      message: expect.stringContaining("nothing proves that lanspread made it"),
      hint: "Look into it, and move it away.",
    });
    await client.ask({ cmd: "download", game_id: asGameId("doom") });
    expect((await client.event("no-peers-have-game")).data).toEqual({
      game_id: "doom",
      message: "No peer has doom.",
      hint: "Wait for a peer that has it, or look at the list of peers.",
    });
  });
});

describe("the end of a session", () => {
  it("by shutdown is answered first, then asked of the host; the last events follow", async () => {
    const { gamesDir } = await party.folders("alpha");
    const gameId = await makeGame(gamesDir, "quake");
    const alpha = await party.start("alpha", {
      discovery: null,
      unpacker: {
        list: (_, { signal } = {}) => untilAborted(signal),
        unpack: () => untilAborted(undefined),
        stream: () => untilAborted(undefined),
      },
    });
    const client = converse(alpha.peer);
    await client.ask({ cmd: "install", game_id: gameId });
    await client.event("install-progress");
    client.story.length = 0;
    await client.ask({ cmd: "shutdown" });
    await client.session.idle();
    expect(client.story).toEqual(["result shutdown", "shut down"]);
    await alpha.peer.stop();
    await client.session.ended;
    // The library may still learn something, such as a game's digests; the operation has nothing more to say.
    const after = client.story.slice(client.story.indexOf("shut down") + 1);
    expect(after.filter((line) => line !== "local-library-changed").at(-1)).toBe("install-failed");
  });

  it("by its host lets nothing more out: no answer, no event", async () => {
    const { peer } = await party.start("alpha", { discovery: null });
    const client = converse(peer);
    await client.event("local-library-changed");
    client.session.takeLine('{"id":1,"cmd":"wait-peers","count":1,"timeout_ms":3600000}');
    client.session.close();
    client.session.close();
    client.session.takeLine('{"id":2,"cmd":"status"}');
    client.session.refuseLine();
    await client.session.idle();
    await client.session.ended;
    expect(client.answers()).toEqual([]);
    const told = client.lines.length;
    await peer.stop();
    expect(client.lines.length).toBe(told);
  });

  it.each(["event", "error", "result"])("comes with the first %s that cannot be written", async (type) => {
    const { peer } = await party.start("alpha", { discovery: null });
    const failed = Promise.withResolvers<void>();
    let written = 0;
    const session = createControlSession({
      peer,
      writeLine: async (text) => {
        written += 1;
        if (!text.startsWith(`{"type":"${type}"`)) return;
        failed.resolve();
        throw new Error("nobody reads");
      },
      onShutdown: () => {},
    });
    if (type === "error") session.refuseLine();
    if (type === "result") session.takeLine('{"id":1,"cmd":"status"}');
    await failed.promise;
    await session.idle();
    await session.ended;
    const before = written;
    session.takeLine('{"id":2,"cmd":"status"}');
    await session.idle();
    expect(written).toBe(before);
  });

  it("begins with who the peer is, which is told once", async () => {
    const { peer } = await party.start("alpha", { discovery: null });
    const client = converse(peer);
    await client.event("local-library-changed");
    expect(client.lines[0]).toEqual({
      type: "event",
      event: "local-peer-ready",
      time: expect.any(Number),
      data: { peer_id: peer.peerId, addr: peer.addr, lanes: peer.snapshot().status.lanes },
    });
    expect(client.story.filter((what) => what === "local-peer-ready")).toHaveLength(1);
  });
});
