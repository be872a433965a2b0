import { setImmediate as nextTurn } from "node:timers/promises";
import { encodeFrame, type GameId, type PeerId } from "@lanspread/proto";
import type { Connection } from "@lanspread/quic";
import { eventually, temporaryDirectory } from "@lanspread/testkit";
import { describe, expect, it } from "vitest";
import { LaneServer } from "../../src/lanes/lane-server.ts";
import type { PushedView } from "../../src/lanes/messages.ts";
import { silentLogger } from "../../src/logger.ts";
import type { RequestStream } from "../../src/transfer/index.ts";
import { createSourceGame, GGOO, MIB, peer, VERSION } from "../download/support.ts";

const ASKER: PeerId = peer(1);
const TURNS = 20;

/** A stream that brings a request, and takes of the answer only the frame until it is released. */
function stuckStream(request: object): RequestStream & { readonly writes: () => number; release(): void } {
  const frame = encodeFrame(request);
  const stuck = Promise.withResolvers<void>();
  let given = 0;
  let writes = 0;
  return {
    read: async (into) => {
      const count = Math.min(into.length, frame.length - given);
      into.set(frame.subarray(given, given + count));
      given += count;
      return count;
    },
    write: async () => {
      writes += 1;
      if (writes > 1) await stuck.promise;
    },
    finish: () => {},
    reset: () => {},
    stop: () => {},
    writes: () => writes,
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
    const known = { inCatalog: true, catalogVersion: undefined, operationActive: false, version: VERSION };
    const view: PushedView = { ...known, manifest, gamesDir: dir.path };
    const counts: object[] = [];
    const server: LaneServer = new LaneServer({
      identify: async () => ASKER,
      askView: async (gameId) => {
        server.know(gameId, view);
        return view;
      },
      onOutbound: (now) => counts.push(now),
      onStale: () => {},
      logger: silentLogger,
    });
    const type = "get_game_file_chunk";
    const range = { path: "game.eti", offset: 0, length: 4 * MIB };
    const stream = stuckStream({ type, game_id: GGOO, manifest_hash: manifest.manifest_hash, ...range });
    const over = Promise.withResolvers<never>();
    const connection: Pick<
      Connection,
      "id" | "remote" | "peerCertificate" | "closed" | "onStream" | "close"
    > = {
      id: "1",
      remote: { host: "127.0.0.1", port: 1 },
      peerCertificate: new Uint8Array(0),
      closed: over.promise,
      onStream: (handler) => handler(stream as never),
      close: () => {},
    };
    await server.accept(connection as Connection);
    await eventually(() => stream.writes() > 1, { what: "bytes behind the frame" });

    let isRevoked = false;
    const revoking = server.revoke(revoked).then(() => {
      isRevoked = true;
    });
    for (let turn = 0; turn < TURNS; turn += 1) await nextTurn();
    expect(isRevoked).toBe(false);
    expect(counts.at(-1)).toEqual({ [GGOO]: 1 });
    stream.release();
    await revoking;
    await eventually(() => Object.keys(counts.at(-1) ?? { none: 0 }).length === 0, { what: "no answers" });
  });
});
