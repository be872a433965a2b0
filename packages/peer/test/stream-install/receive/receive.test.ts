import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { sha256 } from "@lanspread/proto";
import { eventually, seededBytes } from "@lanspread/testkit";
import { describe, expect, it } from "vitest";
import { readInstalledList, uninstallGame } from "../../../src/install/index.ts";
import type { StreamInstallProgress } from "../../../src/stream-install/receive/index.ts";
import { GGOO, namesIn, tree, writeFiles } from "../../install/support.ts";
import { FRAMES, LEVEL } from "./game.ts";
import { memorySource } from "./memory-source.ts";
import { createReceiving, expectInstalled, failureOf, type Receiving, WHOLE } from "./receiving.ts";
import { type Script, sends } from "./scripted-sender.ts";
import { encodeFrames, type Frame, framesOf, MTIME, manifestOf, type StreamArchive } from "./support.ts";

/** Receives a game that consists of these archives. */
async function receiveArchives(receiving: Receiving, archives: readonly StreamArchive[]): Promise<void> {
  const sender = await receiving.sender(sends(encodeFrames(framesOf(archives))));
  const manifest = manifestOf(Object.fromEntries(archives.map(({ name }) => [name, 1])));
  await receiving.receive([sender], { manifest });
}

describe("receiving a game", () => {
  it("makes local/ of what comes, with sizes, checksums and times, and a list of it", async () => {
    await using receiving = await createReceiving();
    const sender = await receiving.sender(WHOLE);
    const progress: StreamInstallProgress[] = [];
    const result = await receiving.receive([sender], { onProgress: (sample) => progress.push(sample) });

    expect(result).toEqual({ files: 3, bytes: 2_500_008, peerId: sender.peerId, failed: [] });
    await expectInstalled(receiving);
    const { rig } = receiving;
    expect((await stat(join(rig.root, "local/data/level.bin"))).mtimeMs).toBe(MTIME);
    const list = await readInstalledList(rig.stateDir, GGOO);
    expect(list?.version).toBe("20180412");
    expect(list?.files.map(({ path, size, crc32, mtime }) => [path, size, crc32, mtime])).toEqual([
      ["data/level.bin", 2_500_000, FRAMES.flatMap(checksums)[0], MTIME],
      ["data/empty.txt", 0, 0, MTIME],
      ["game.exe", 8, FRAMES.flatMap(checksums)[2], MTIME],
    ]);
    const { peerId: from } = sender;
    expect(progress[0]).toEqual({ phase: "streaming", doneBytes: 0, totalBytes: 0, from });
    expect(progress.at(-1)).toEqual({ phase: "flushing", doneBytes: 2_500_008, totalBytes: 2_500_008 });
    expect(sender.requests).toHaveLength(1);
    await eventually(() => sender.openStreams() === 0);
    expect(rig.log.filter(({ level }) => level === "warn" || level === "error")).toEqual([]);
  });

  it("takes zero-byte files as any other: they have a checksum too", async () => {
    await using receiving = await createReceiving();
    await receiveArchives(receiving, [
      {
        name: "ggoo.eti",
        entries: Array.from({ length: 100 }, (_, index) => ({ path: `${index}`, content: "" })),
      },
    ]);
    expect(await namesIn(join(receiving.rig.root, "local"))).toHaveLength(100);
  });

  it("lets a later archive bring a file anew, whatever is still being written of the first", async () => {
    await using receiving = await createReceiving();
    await receiveArchives(receiving, [
      {
        name: "a.eti",
        entries: [
          { path: "only/a", content: "a" },
          { path: "both", content: seededBytes(3, 3_000_000) },
          { path: "many/0", content: "old" },
        ],
      },
      {
        name: "b.eti",
        entries: [
          { path: "many/0", content: "new" },
          { path: "both", content: seededBytes(4, 5_000) },
          { path: "only/b", content: "b" },
        ],
      },
    ]);
    const { rig } = receiving;
    expect(await readFile(join(rig.root, "local/many/0"), "utf8")).toBe("new");
    expect((await readFile(join(rig.root, "local/both"))).equals(seededBytes(4, 5_000))).toBe(true);
    expect(
      (await readInstalledList(rig.stateDir, GGOO))?.files.map(({ path, size }) => [path, size]),
    ).toEqual([
      ["only/a", 1],
      ["both", 5_000],
      ["many/0", 3],
      ["only/b", 1],
    ]);
  });

  it("has what the last of many archives brings, however fast they follow each other", async () => {
    await using receiving = await createReceiving();
    const archives = Array.from({ length: 300 }, (_, index) => ({
      name: `${String(index).padStart(3, "0")}.eti`,
      entries: [{ path: "x", content: `of archive ${index}` }],
    }));
    await receiveArchives(receiving, archives);
    expect(await readFile(join(receiving.rig.root, "local/x"), "utf8")).toBe("of archive 299");
  });

  it("makes thousands of small files and none but them", async () => {
    await using receiving = await createReceiving();
    const entries = Array.from({ length: 3_000 }, (_, index) => ({
      path: `${index % 50}/${index}`,
      content: `file ${index}`,
    }));
    await receiveArchives(receiving, [{ name: "ggoo.eti", entries }]);
    for (const index of [0, 1_234, 2_999]) {
      expect(await readFile(join(receiving.rig.root, `local/${index % 50}/${index}`), "utf8")).toBe(
        `file ${index}`,
      );
    }
    const files = Object.keys(await tree(join(receiving.rig.root, "local"))).filter(
      (path) => !path.endsWith("/"),
    );
    expect(files).toHaveLength(3_000);
  });

  it("moves times that no file system stores to where one does", async () => {
    await using receiving = await createReceiving();
    const { MAX_SAFE_INTEGER: most, MIN_SAFE_INTEGER: least } = Number;
    await receiveArchives(receiving, [
      {
        name: "ggoo.eti",
        entries: [
          { path: "late", content: "", mtime: most },
          { path: "early", content: "", mtime: least },
        ],
      },
    ]);
    const files = (await readInstalledList(receiving.rig.stateDir, GGOO))?.files ?? [];
    for (const { path, mtime } of files) {
      expect((await stat(join(receiving.rig.root, "local", path))).mtime.getTime()).toBe(mtime);
    }
  });

  it("keeps what was in the game root", async () => {
    await using receiving = await createReceiving({ "half.eti": "of an unfinished download" });
    await receiving.receive([await receiving.sender(WHOLE)]);
    expect(await namesIn(receiving.rig.root)).toEqual(["half.eti", "local"]);
  });

  it("leaves nothing to an uninstall but what else is in the game root", async () => {
    for (const beside of [{}, { "notes.txt": "mine" }]) {
      await using receiving = await createReceiving();
      const { rig } = receiving;
      await receiving.receive([await receiving.sender(WHOLE)]);
      await writeFiles(rig.root, beside);
      await uninstallGame({ gameId: GGOO, root: rig.root, stateDir: rig.stateDir });
      const left = Object.keys(await tree(rig.gamesDir));
      expect(left).toEqual("notes.txt" in beside ? ["ggoo/", "ggoo/notes.txt"] : []);
    }
  });

  it("does not wait for the end of a stream that is complete and then lost", async () => {
    await using receiving = await createReceiving();
    const sender = memorySource(encodeFrames(FRAMES), () => {
      throw new Error("the connection is lost");
    });
    expect((await receiving.receive([sender])).files).toBe(3);
    await expectInstalled(receiving);
  });
});

function checksums(frame: Frame): number[] {
  return !Buffer.isBuffer(frame) && frame.type === "file_end" ? [frame.crc32] : [];
}

describe("a game without archives", () => {
  const FILES = { "data/level.bin": LEVEL, "game.exe": Buffer.from("the game"), none: Buffer.alloc(0) };
  const manifest = manifestOf(
    Object.fromEntries(Object.entries(FILES).map(([path, { length }]) => [path, length])),
  );
  /** In the order of the manifest, in which `version.ini` is the last. */
  const digests = Buffer.concat(
    [...Object.values(FILES), Buffer.from("20180412.00")].flatMap((content) =>
      Array.from({ length: Math.ceil(content.length / manifest.piece_size) }, (_, index) =>
        sha256(content.subarray(index * manifest.piece_size, (index + 1) * manifest.piece_size)),
      ),
    ),
  );
  const streamOf = (files: Record<string, Uint8Array>): Script =>
    sends(
      encodeFrames(
        framesOf([
          { name: GGOO, entries: Object.entries(files).map(([path, content]) => ({ path, content })) },
        ]),
      ),
    );

  it("is held against the digests of its pieces", async () => {
    await using receiving = await createReceiving();
    await receiving.receive([await receiving.sender(streamOf(FILES))], { manifest, digests });
    const { rig } = receiving;
    expect((await readFile(join(rig.root, "local/data/level.bin"))).equals(LEVEL)).toBe(true);
    expect((await readInstalledList(rig.stateDir, GGOO))?.files).toHaveLength(3);
  });

  it.each([0, 1_048_575, 1_048_576, 2_499_999])(
    "is refused with another byte at %i, whatever checksum it has",
    async (at) => {
      await using receiving = await createReceiving();
      const level = Buffer.from(LEVEL);
      level[at] = (level[at] ?? 0) ^ 1;
      const liar = await receiving.sender(streamOf({ ...FILES, "data/level.bin": level }));
      const error = await failureOf(receiving, () => receiving.receive([liar], { manifest, digests }));
      const from = Math.floor(at / manifest.piece_size) * manifest.piece_size;
      expect([error.code, error.message]).toEqual([
        "verification",
        expect.stringContaining(`"data/level.bin" has other bytes than the game from ${from} on`),
      ]);
    },
  );
});
