import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gameVersionSchema } from "@lanspread/proto";
import { seededBytes } from "@lanspread/testkit";
import { expect } from "vitest";
import { PeerError } from "../../src/errors/index.ts";
import { createSource, type DownloadRig, MIB, peer, type SourceGame } from "./support.ts";

/** The version of {@link FILES}. */
export const NEW = gameVersionSchema.parse("20200101");

/** A game of 16 pieces: its sentinel has one, too. */
export const FILES = {
  "version.ini": "20200101",
  "game.eti": seededBytes(5, 12 * MIB),
  "data/maps/a": seededBytes(6, 3 * MIB),
};

export function newGame(rig: DownloadRig): Promise<SourceGame> {
  return rig.game(FILES, NEW);
}

/** Begins a download and shuts it down after a chunk of the archive. @returns pieces that are kept */
export async function shutDown(rig: DownloadRig, game: SourceGame): Promise<number> {
  const controller = new AbortController();
  let kept = 0;
  const download = rig.download(game, [createSource(peer(9), game)], {
    signal: controller.signal,
    onChunk: ({ path, pieces }) => {
      if (path === "version.ini") return;
      kept += pieces;
      controller.abort(new PeerError("shutting-down", "the peer stops"));
    },
  });
  await expect(download).rejects.toMatchObject({ code: "shutting-down" });
  return kept;
}

/** Things in a root that no download may touch. */
export async function putForeign(root: string): Promise<void> {
  for (const [path, content] of [
    ["local/save", "mine"],
    [".local.installing/x", "staging"],
    [".sync/state", "sync"],
    [".softlan_game_installed", "1"],
  ] as const) {
    await mkdir(join(root, path, ".."), { recursive: true });
    await writeFile(join(root, path), content);
  }
}

/** What {@link putForeign} puts there, as a listing shows it. */
export const FOREIGN = [".local.installing", ".softlan_game_installed", ".sync", "local"];
