import { setImmediate as nextTurn } from "node:timers/promises";
import { encodeFrame, type GameId, type Manifest, type PeerId } from "@lanspread/proto";
import type { Connection } from "@lanspread/quic";
import { eventually, temporaryDirectory } from "@lanspread/testkit";
import { describe, expect, it } from "vitest";
import { LaneServer, type LaneServerOptions } from "../../src/lanes/lane-server.ts";
import type { PushedView } from "../../src/lanes/messages.ts";
import { silentLogger } from "../../src/logger.ts";
import type { RequestStream, SentOfGame } from "../../src/transfer/index.ts";
import { createSourceGame, GGOO, MIB, peer, VERSION } from "../download/support.ts";

const ASKER: PeerId = peer(1);
const TURNS = 20;

interface StuckStream extends RequestStream {
  readonly writes: () => number;
  /** All that was written, as text. */
  readonly text: () => string;
  /** Bytes of the writes that have come through. */
  readonly taken: () => number;
  release(): void;
}

/** A stream that brings a request, and takes of the answer only the first bytes until it is released. */
function stuckStream(request: object): StuckStream {
  const frame = encodeFrame(request);
  const stuck = Promise.withResolvers<void>();
  // Whoever releases it may come before the write that waits for it.
  stuck.promise.catch(() => {});
  let given = 0;
  let writes = 0;
  let text = "";
  let taken = 0;
  return {
    read: async (into) => {
      const count = Math.min(into.length, frame.length - given);
      into.set(frame.subarray(given, given + count));
      given += count;
      return count;
    },
    write: async (bytes) => {
      writes += 1;
      text += Buffer.from(bytes).toString();
      if (writes > 1) await stuck.promise;
      taken += bytes.length;
    },
    finish: () => {},
    reset: () => {},
    stop: () => {},
    writes: () => writes,
    text: () => text,
    taken: () => taken,
    release: () => stuck.reject(new Error("the stream is over")),
  };
}

describe("the server of a lane", () => {
  it.each<[string, GameId | null]>([
    ["a game", GGOO],
    ["all games", null],
  ])("has revoked %s when the last answer has let go of its file, and not before", async (_, revoked) => {
    await using dir = await temporaryDirectory();
    const game = { "version.ini": VERSION, "game.eti": Buffer.alloc(4 * MIB) };
    const { manifest } = await createSourceGame(dir.join(GGOO), game);
    const counts: object[] = [];
    const server = serverThatIsTold(viewWith(manifest, dir.path), (now) => counts.push(now));
    const stream = stuckStream(requestOf(manifest, 4 * MIB));
    await server.accept(connectionWith(stream));
    await eventually(() => stream.writes() > 1, { what: "bytes behind the first ones" });

    let isRevoked = false;
    const revoking = server.revoke(revoked).then(() => {
      isRevoked = true;
    });
    for (let turn = 0; turn < TURNS; turn += 1) await nextTurn();
    await eventually(() => counts.length > 0, { what: "what is told of answers" });
    expect(isRevoked).toBe(false);
    expect(counts.at(-1)).toEqual({ [GGOO]: 1 });
    stream.release();
    await revoking;
    await eventually(() => Object.keys(counts.at(-1) ?? { none: 0 }).length === 0, { what: "no answers" });
  });

  it("tells who is sent how much of which game", async () => {
    await using dir = await temporaryDirectory();
    const game = { "version.ini": VERSION, "game.eti": Buffer.alloc(4 * MIB) };
    const { manifest } = await createSourceGame(dir.join(GGOO), game);
    const sent: SentOfGame[] = [];
    const view = viewWith(manifest, dir.path);
    const server = serverThatIsTold(
      view,
      () => {},
      (now) => sent.push(...now),
    );
    const stream = stuckStream(requestOf(manifest, 4 * MIB));
    await server.accept(connectionWith(stream));
    await eventually(() => stream.writes() > 1 && sent.length > 0, { what: "what was sent" });
    // The frame and the first bytes of the file; nothing that is behind them was taken.
    expect(stream.taken()).toBeLessThan(MIB);
    expect(sent).toEqual([{ peerId: ASKER, gameId: GGOO, bytes: stream.taken() }]);
    stream.release();
    await server.close();
  });

  it("asks again what is to be served before it refuses by what it was told earlier", async () => {
    await using dir = await temporaryDirectory();
    const before = await createSourceGame(dir.join("before"), { "version.ini": VERSION, "old.eti": "old" });
    const game = { "version.ini": VERSION, "game.eti": Buffer.alloc(MIB) };
    const { manifest } = await createSourceGame(dir.join(GGOO), game);
    const server = serverThatIsTold(viewWith(manifest, dir.path), () => {});
    server.know(GGOO, viewWith(before.manifest, dir.path));
    const stream = stuckStream(requestOf(manifest, MIB));
    await server.accept(connectionWith(stream));
    await eventually(() => stream.writes() > 0, { what: "an answer" });
    expect(stream.text()).toContain('"type":"file_data"');
    stream.release();
    await server.close();
  });

  it("says what it holds when it asks again, and refuses by that where it is still so", async () => {
    await using dir = await temporaryDirectory();
    const { manifest } = await createSourceGame(dir.join(GGOO), { "version.ini": VERSION });
    const held: (string | null)[] = [];
    const server: LaneServer = new LaneServer({
      identify: async () => ASKER,
      askView: async (gameId, holds) => {
        held.push(holds);
        if (holds === manifest.manifest_hash) return null;
        const view = viewWith(manifest, dir.path);
        server.know(gameId, view);
        return view;
      },
      onOutbound: () => {},
      onSent: () => {},
      onStale: () => {},
      logger: silentLogger,
    });
    const stream = stuckStream(requestOf(manifest, 4));
    await server.accept(connectionWith(stream));
    await eventually(() => stream.text().includes('"code":"no_such_file"'), { what: "a refusal" });
    expect(held).toEqual([null, manifest.manifest_hash]);
    await server.close();
  });

  it("keeps nothing of what it may not serve: peers may ask for anything", async () => {
    await using dir = await temporaryDirectory();
    const { manifest } = await createSourceGame(dir.join(GGOO), {
      "version.ini": VERSION,
      "game.eti": "game",
    });
    const closed = { ...viewWith(manifest, dir.path), operationActive: true };
    let asked = 0;
    const server = serverThatIsTold(
      closed,
      () => {},
      () => {},
      () => {
        asked += 1;
      },
    );
    const times: number[] = [];
    for (let nth = 0; nth < 3; nth++) {
      const stream = stuckStream(requestOf(manifest, 4));
      await server.accept(connectionWith(stream));
      await eventually(() => stream.text().includes('"code":"operation_active"'), { what: "a refusal" });
      times.push(asked);
    }
    // As often as at first: what it was told of before is forgotten.
    expect(times).toEqual([1, 2, 3].map((nth) => nth * (times[0] ?? 0)));
    await server.close();
  });
});

function viewWith(manifest: Manifest, gamesDir: string): PushedView {
  const known = { inCatalog: true, catalogVersion: undefined, operationActive: false, version: VERSION };
  return { ...known, manifest, gamesDir };
}

function serverThatIsTold(
  view: PushedView,
  onOutbound: (counts: object) => void,
  onSent: LaneServerOptions["onSent"] = () => {},
  onAsked: () => void = () => {},
): LaneServer {
  const server: LaneServer = new LaneServer({
    identify: async () => ASKER,
    askView: async (gameId) => {
      onAsked();
      server.know(gameId, view);
      return view;
    },
    onOutbound,
    onSent,
    onStale: () => {},
    logger: silentLogger,
  });
  return server;
}

function requestOf({ manifest_hash }: Manifest, length: number): object {
  return { type: "get_game_file_chunk", game_id: GGOO, manifest_hash, path: "game.eti", offset: 0, length };
}

/** A connection that brings one stream, and ends never. */
function connectionWith(stream: RequestStream): Connection {
  const connection: Pick<Connection, "id" | "remote" | "peerCertificate" | "closed" | "onStream" | "close"> =
    {
      id: "1",
      remote: { host: "127.0.0.1", port: 1 },
      peerCertificate: new Uint8Array(0),
      closed: Promise.withResolvers<never>().promise,
      onStream: (handler) => handler(stream as never),
      close: () => {},
    };
  return connection as Connection;
}
