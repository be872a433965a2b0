import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { asGameId, gameVersionSchema, type Request } from "@lanspread/proto";
import { seededBytes } from "@lanspread/testkit";
import { expect, it } from "vitest";
import { startLyingPeer } from "../download/lying-peer.ts";
import { createSourceGame, MIB } from "../download/support.ts";
import { type Member, Party } from "./party.ts";

const GGOO = asGameId("ggoo");
const VERSION = gameVersionSchema.parse("20180412");

/** A word that somebody waits for. */
function barrier() {
  const reached = Promise.withResolvers<void>();
  const word = Promise.withResolvers<void>();
  return {
    reached: reached.promise,
    go: () => word.resolve(),
    wait: async () => {
      reached.resolve();
      await word.promise;
    },
  };
}

/** A peer that sees the game of a source, and begins to download it. */
async function beginDownload(
  party: Party,
  source: { readonly addr: string },
  lanes: number,
): Promise<Member> {
  const member = await party.start("bravo", { discovery: null, lanes });
  await member.event("local-library-changed");
  await member.peer.send({ type: "connect", addr: source.addr });
  await member.peer.send({ type: "download-game-files", gameId: GGOO, install: false });
  return member;
}

it.each([0, 1])(
  "a cancel before a source has answered removes what an earlier download had left (lanes: %i)",
  async (lanes) => {
    await using party = await Party.make();
    const files = { "version.ini": VERSION, "game.eti": seededBytes(3, 3 * MIB + 7), "data/maps/a": "a" };
    const game = await createSourceGame(party.path("content"), files, VERSION);
    const isForArchive = (request: Request): boolean =>
      request.type === "get_game_file_chunk" && request.path === "game.eti";
    const archive = barrier();
    const manifest = barrier();
    await using slow = await startLyingPeer(party.name, game, {
      answer: async (request, truth) => {
        if (isForArchive(request)) await archive.wait();
        return truth;
      },
    });
    await using silent = await startLyingPeer(party.name, game, {
      answer: async (request, truth) => {
        if (request.type === "get_game") await manifest.wait();
        return truth;
      },
    });
    try {
      const first = await beginDownload(party, slow, lanes);
      await archive.reached;
      await first.peer.stop();

      const second = await beginDownload(party, silent, lanes);
      await manifest.reached;
      const root = join(second.gamesDir, GGOO);
      expect(readdirSync(root)).toContain("game.eti");
      await second.peer.send({ type: "cancel-download", gameId: GGOO });
      await second.event("download-cancelled");
      expect(readdirSync(second.gamesDir)).toEqual([]);
      const kept = join(second.stateDir, "games", GGOO);
      expect(existsSync(kept) ? readdirSync(kept) : []).not.toContain("download.json");
    } finally {
      archive.go();
      manifest.go();
    }
  },
);
