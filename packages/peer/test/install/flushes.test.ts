import { lstat, readdir } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { uninstallGame } from "../../src/install/index.ts";
import { observeFlushes } from "../storage/observed-flushes.ts";
import { crash, createDownloaded, installIn, recover } from "./crashing.ts";
import { GGOO, namesIn, type Rig } from "./support.ts";
import { createPlayed, update } from "./updating.ts";

const STAGING = "root/.local.installing";
/** What tells how far an operation is. */
const TELLING = ["local", ".local.installing", ".local.backup", "intent", "list", "coming list"];

/**
 * What an operation makes last, in its order: what was flushed, and what was there at that moment. Everything that is flushed
 * of staging is one line, whose order is none of anybody's business. Files that are written durably are left out:
 * they have a test of their own.
 */
async function flushesOf(rig: Rig, work: () => Promise<unknown>): Promise<readonly string[]> {
  const observed = await observeFlushes(work, () => lookAround(rig), ["sync", "datasync"]);
  const lines: string[] = [];
  let staged: string[] = [];
  for (const { inode, seen } of observed) {
    const path = seen.paths.get(inode) ?? "something that is gone";
    if (path.endsWith(".tmp")) continue;
    if (path.startsWith(STAGING) && seen.there.includes(".local.installing")) {
      staged.push(path.slice(STAGING.length) || "/");
      continue;
    }
    if (staged.length > 0) lines.push(`staging: ${[...new Set(staged)].sort().join(" ")}`);
    staged = [];
    lines.push(`${path}: ${seen.there.join(", ") || "nothing of an install"}`);
  }
  return lines;
}

async function lookAround(rig: Rig) {
  const paths = new Map<number, string>();
  const walk = async (directory: string, name: string): Promise<void> => {
    const stats = await lstat(directory).catch(() => null);
    if (stats === null) return;
    // A file that is carried over has a second name: that in staging counts.
    if (!paths.has(stats.ino) || name.startsWith(STAGING)) paths.set(stats.ino, name);
    if (!stats.isDirectory()) return;
    for (const child of await readdir(directory).catch(() => []))
      await walk(join(directory, child), `${name}/${child}`);
  };
  await walk(rig.root, "root");
  await walk(rig.stateDir.gameDir(GGOO), "state");
  paths.set((await lstat(rig.gamesDir)).ino, "games");
  const names = [
    ...(await namesIn(rig.root).catch(() => [])),
    ...(await namesIn(rig.stateDir.gameDir(GGOO)).catch(() => [])),
  ];
  const called: Record<string, string> = {
    "install_intent.json": "intent",
    "installed.json": "list",
    "installed_next.json": "coming list",
  };
  const there = names.map((name) => called[name] ?? name).filter((name) => TELLING.includes(name));
  return { paths, there };
}

describe("what is on the disk before the next step", () => {
  it("of an install: everything in staging, then the rename, and after that what it was recorded by goes", async () => {
    await using rig = await createDownloaded();
    expect(await flushesOf(rig, () => installIn(rig))).toEqual([
      "state: intent",
      "staging: / /.lanspread_owned /data /data/level.bin /empty /game.exe",
      "state: .local.installing, intent",
      "state: .local.installing, intent, list",
      "root: local, intent, list",
      "state: local, list",
    ]);
  });

  /** An update up to the point of no return. */
  const UPDATED = [
    "state: local, intent, list",
    "root/local: local, intent, list",
    "root: .local.backup, intent, list",
    "staging: / /.lanspread_owned /data /data/level.bin /data/level2.bin /game.exe /keys.ini /options.ini /saves /saves/slot1.sav",
    "state: .local.backup, .local.installing, intent, list",
    "state: .local.backup, .local.installing, intent, list, coming list",
  ];

  it("of an update: that the old install is aside, all of the new one and of the user's, and that the backup is gone", async () => {
    await using rig = await createPlayed();
    expect(await flushesOf(rig, () => update(rig))).toEqual([
      ...UPDATED,
      "root: .local.backup, local, intent, list, coming list",
      "state: .local.backup, local, intent, list",
      "root: local, intent, list",
      "state: local, list",
    ]);
  });

  it("of an update that fails: that the old install is back", async () => {
    await using rig = await createPlayed();
    const fail = (step: string, moment: string): void => {
      if (step === "write-list" && moment === "after") throw new Error("no");
    };
    const flushes = await flushesOf(rig, () => expect(update(rig, { onStep: fail })).rejects.toThrow("no"));
    expect(flushes).toEqual([
      ...UPDATED,
      "root: .local.installing, local, intent, list, coming list",
      "state: .local.installing, local, intent, list",
      "root: local, intent, list",
      "state: local, list",
    ]);
  });

  it("of the recovery of an update: the same", async () => {
    await using rig = await createPlayed();
    const { root, stateDir } = rig;
    await crash({ operation: "update", root, stateDir: stateDir.root, step: "write-list", moment: "after" });
    expect(await flushesOf(rig, () => recover(rig))).toEqual([
      "state: .local.backup, .local.installing, intent, list",
      "root: .local.installing, local, intent, list",
      "root: local, intent, list",
      "state: local, list",
    ]);
  });

  it("of an uninstall: that the install is aside", async () => {
    await using rig = await createDownloaded();
    await installIn(rig);
    const { root, stateDir } = rig;
    expect(await flushesOf(rig, () => uninstallGame({ gameId: GGOO, root, stateDir }))).toEqual([
      "state: local, intent, list",
      "root: .local.backup, intent, list",
      "root/.local.backup: .local.backup, intent, list",
      "state: .local.backup, intent",
      "root: intent",
      "state: nothing of an install",
    ]);
  });
});
