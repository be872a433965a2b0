import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { asGameId } from "@lanspread/proto";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { makeGame, offered, Party } from "../runtime/party.ts";
import { converse, dataOf, untilAborted } from "./converse.ts";

let party: Party;

beforeEach(async () => {
  party = await Party.make();
});

afterEach(() => party[Symbol.asyncDispose]());

/** The names of the fields, and of those of what they hold: `games[].id`. */
function keysOf(value: unknown, at = ""): string[] {
  if (Array.isArray(value)) return keysOf(value[0], `${at}[]`);
  if (typeof value !== "object" || value === null) return [at];
  const fields = Object.entries(value);
  if (fields.length === 0) return [at];
  return fields.flatMap(([key, field]) => keysOf(field, at === "" ? key : `${at}.${key}`)).sort();
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
    const waiting = client.ask({ cmd: "wait-peers", count: 1, timeout_ms: 3_600_000 });
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
