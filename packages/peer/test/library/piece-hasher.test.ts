import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { chmod, open, rename, rm, symlink, truncate, utimes, writeFile } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { Worker } from "node:worker_threads";
import { eventually, seededBytes, temporaryDirectory } from "@lanspread/testkit";
import { describe, expect, it } from "vitest";
import { hashPieces, walkManifest } from "../../src/library/index.ts";
import { createPieceHasher } from "../../src/library/piece-hasher.ts";
import { asNobody } from "../storage/as-nobody.ts";
import { writeFiles } from "./support.ts";

const MIB = 1024 * 1024;
const digestOf = (bytes: Uint8Array): Buffer => createHash("sha256").update(bytes).digest();

describe("hashing pieces", () => {
  it("hashes each piece of each file in manifest order, and none of an empty file", async () => {
    await using dir = await temporaryDirectory();
    const big = seededBytes(1, 2 * MIB + 5);
    const exact = seededBytes(2, MIB);
    await writeFiles(dir.path, { "a.eti": big, "b/exact": exact, "b/empty": "", "version.ini": "1" });
    const { files } = await walkManifest(dir.path);
    const outcome = await hashPieces({ root: dir.path, files, pieceSize: MIB });
    const expected = [
      big.subarray(0, MIB),
      big.subarray(MIB, 2 * MIB),
      big.subarray(2 * MIB),
      exact,
      Buffer.from("1"),
    ].map(digestOf);
    if (outcome.status !== "done") throw new Error(outcome.status);
    expect(Buffer.from(outcome.digests)).toEqual(Buffer.concat(expected));
  });

  it("cuts by the piece size that is asked for, not by what it reads at once", async () => {
    await using dir = await temporaryDirectory();
    const bytes = seededBytes(3, 5 * MIB);
    await writeFiles(dir.path, { file: bytes });
    const { files } = await walkManifest(dir.path);
    const outcome = await hashPieces({ root: dir.path, files, pieceSize: 4 * MIB });
    const expected = [digestOf(bytes.subarray(0, 4 * MIB)), digestOf(bytes.subarray(4 * MIB))];
    expect(outcome).toEqual({ status: "done", digests: new Uint8Array(Buffer.concat(expected)) });
  });

  it.each<[string, (path: string) => Promise<unknown>]>([
    ["shorter", (path) => truncate(path, 10)],
    ["longer", (path) => truncate(path, 2 * MIB)],
    ["written again, in the same length", (path) => writeFile(path, seededBytes(9, MIB))],
    ["touched", (path) => utimes(path, 1, 1)],
    ["gone", (path) => rm(path)],
    [
      "a link to the very same bytes",
      (path) => rename(path, `${path}2`).then(() => symlink(`${path}2`, path)),
    ],
  ])("notices a file that is %s since the walk", async (_, change) => {
    await using dir = await temporaryDirectory();
    await writeFiles(dir.path, { file: seededBytes(1, MIB) });
    const { files } = await walkManifest(dir.path);
    await change(dir.join("file"));
    const outcome = await hashPieces({ root: dir.path, files: files.slice(0, 1), pieceSize: MIB });
    expect(outcome).toEqual({ status: "changed", path: "file" });
  });

  it("notices a file that is written while it is read", async () => {
    await using dir = await temporaryDirectory();
    await writeFiles(dir.path, { "a-first": "x" });
    await truncate(dir.join("a-first"), 16 * 1024 * MIB);
    const { files } = await walkManifest(dir.path);
    const hasher = createPieceHasher();
    try {
      const progress = Promise.withResolvers<number>();
      const outcome = hasher.hash(
        { root: dir.path, files, pieceSize: MIB },
        {
          onProgress: progress.resolve,
        },
      );
      expect(await progress.promise).toBeLessThan(16 * 1024 * MIB);
      hasher.setPaused(true);
      await using file = await open(dir.join("a-first"), "r+");
      await file.write(Buffer.from("y"), 0, 1, 0);
      await file.sync();
      hasher.setPaused(false);
      expect(await outcome).toEqual({ status: "changed", path: "a-first" });
    } finally {
      await hasher.close();
    }
  });

  it("reads nothing while it is paused, goes on afterwards, and can be cancelled while paused", async () => {
    await using dir = await temporaryDirectory();
    await writeFiles(dir.path, { file: "" });
    await truncate(dir.join("file"), 256 * MIB);
    const { files } = await walkManifest(dir.path);
    const request = { root: dir.path, files, pieceSize: MIB };
    const hasher = createPieceHasher();
    try {
      hasher.setPaused(true);
      const abort = new AbortController();
      const cancelled = hasher.hash(request, { signal: abort.signal });
      const seen: number[] = [];
      const second = hasher.hash(request, { onProgress: (bytes) => seen.push(bytes) });
      abort.abort();
      await expect(cancelled).rejects.toMatchObject({ code: "cancelled" });
      // The second one waits, paused: the first one's end proves that the thread has looked at the pause.
      expect(seen).toEqual([]);
      hasher.setPaused(false);
      expect(await second).toMatchObject({ status: "done" });
      expect(seen.at(-1)).toBe(256 * MIB);
    } finally {
      await hasher.close();
    }
  });

  it.each([false, true])(
    "stops in the middle of a file when it is cancelled (paused: %s)",
    async (paused) => {
      await using dir = await temporaryDirectory();
      await writeFiles(dir.path, { file: "" });
      // So much that the thread is not done with it before the busiest machine has told of its first progress.
      await truncate(dir.join("file"), 16 * 1024 * MIB);
      const { files } = await walkManifest(dir.path);
      const hasher = createPieceHasher();
      try {
        const abort = new AbortController();
        const seen: number[] = [];
        const onProgress = (bytes: number): void => {
          seen.push(bytes);
          hasher.setPaused(paused);
          abort.abort();
        };
        const request = { root: dir.path, files, pieceSize: MIB };
        await expect(hasher.hash(request, { signal: abort.signal, onProgress })).rejects.toMatchObject({
          code: "cancelled",
        });
        expect(seen.length).toBeGreaterThan(0);
      } finally {
        await hasher.close();
      }
    },
  );

  it("ends at once when it is closed, also while paused, and refuses what comes later", async () => {
    await using dir = await temporaryDirectory();
    await writeFiles(dir.path, { file: "x" });
    const { files } = await walkManifest(dir.path);
    const hasher = createPieceHasher();
    hasher.setPaused(true);
    const request = { root: dir.path, files, pieceSize: MIB };
    const pending = [hasher.hash(request), hasher.hash(request)].map((hash) =>
      hash.catch((error: unknown) => error),
    );
    await hasher.close();
    for (const error of await Promise.all(pending)) expect(error).toMatchObject({ code: "cancelled" });
    await expect(hasher.hash(request)).rejects.toMatchObject({ code: "cancelled" });
  });

  it.skipIf(process.platform === "win32")(
    "names the file that it may not read, and serves the next request",
    async () => {
      await using dir = await temporaryDirectory();
      await writeFiles(dir.path, { "a/file": "x", good: "y" });
      const { files } = await walkManifest(dir.path);
      const [denied, good] = files;
      if (denied === undefined || good === undefined) throw new Error("two files were written");
      await chmod(dir.path, 0o755);
      await chmod(dir.join("a", "file"), 0);
      const hasher = createPieceHasher();
      try {
        await asNobody(async () => {
          await expect(
            hasher.hash({ root: dir.path, files: [denied], pieceSize: MIB }),
          ).rejects.toMatchObject({
            code: "no-permission",
            message: expect.stringContaining(dir.join("a", "file")),
          });
        });
        expect(await hasher.hash({ root: dir.path, files: [good], pieceSize: MIB })).toMatchObject({
          status: "done",
        });
      } finally {
        await hasher.close();
      }
    },
  );

  it("keeps the event loop free: it turns while something large is hashed", async () => {
    await using dir = await temporaryDirectory();
    await writeFiles(dir.path, { file: "" });
    // So much that nobody turns only behind it because the machine is busy.
    await truncate(dir.join("file"), 16 * 1024 * MIB);
    const { files } = await walkManifest(dir.path);
    const enough = new AbortController();
    let isDone = false;
    let bytes = 0;
    const onProgress = (hashed: number): void => {
      bytes = hashed;
    };
    const request = { root: dir.path, files, pieceSize: MIB };
    const hashed = hashPieces(request, { signal: enough.signal, onProgress }).finally(() => {
      isDone = true;
    });
    const cancelled = expect(hashed).rejects.toMatchObject({ code: "cancelled" });
    await eventually(() => bytes > 0, { intervalMs: 1 });
    for (let turn = 0; turn < 10; turn += 1) await delay(1);
    expect(isDone).toBe(false);
    enough.abort();
    await cancelled;
  });

  it("works as compiled JavaScript too, where the worker is a .js file", async () => {
    await using dir = await temporaryDirectory();
    const source = (name: string): string => fileURLToPath(new URL(`../../src/${name}`, import.meta.url));
    const tsc = fileURLToPath(new URL("../../node_modules/typescript/bin/tsc", import.meta.url));
    const options = [
      "--ignoreConfig",
      "--module",
      "nodenext",
      "--target",
      "es2024",
      "--lib",
      "es2024,esnext.disposable",
    ];
    const types = [
      "--types",
      "node",
      "--typeRoots",
      fileURLToPath(new URL("../../node_modules/@types", import.meta.url)),
    ];
    const sources = [source("library/piece-hasher.ts"), source("library/hash-worker.ts")];
    await writeFile(dir.join("package.json"), '{"type":"module"}');
    await promisify(execFile)(process.execPath, [
      tsc,
      ...options,
      ...types,
      "--rewriteRelativeImportExtensions",
      "--skipLibCheck",
      "--rootDir",
      source(""),
      "--outDir",
      dir.join("dist"),
      ...sources,
    ]);
    await writeFiles(dir.path, { "game/file": "hello" });
    const { files } = await walkManifest(dir.join("game"));
    const request = JSON.stringify({ root: dir.join("game"), files, pieceSize: MIB });
    const script = `
      const { hashPieces } = await import(${JSON.stringify(dir.join("dist", "library", "piece-hasher.js"))});
      const { digests } = await hashPieces(${request});
      process.stdout.write(Buffer.from(digests).toString("hex"));
    `;
    const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module", "-e", script]);
    expect(stdout).toBe(digestOf(Buffer.from("hello")).toString("hex"));
  });
});

describe("a hasher that has nothing to do", () => {
  const request = async (dir: string) => ({
    root: dir,
    files: (await walkManifest(dir)).files,
    pieceSize: MIB,
  });

  it("ends its thread, and hashes as before when it is asked again", async () => {
    await using dir = await temporaryDirectory();
    await writeFiles(dir.path, { file: seededBytes(1, 3 * MIB) });
    const hasher = createPieceHasher(1);
    const started: Worker[] = [];
    const hook = (worker: Worker): void => void started.push(worker);
    process.on("worker", hook);
    try {
      const first = await hasher.hash(await request(dir.path));
      await eventually(() => started[0]?.threadId === -1);
      expect(await hasher.hash(await request(dir.path))).toEqual(first);
      expect(started).toHaveLength(2);
    } finally {
      process.off("worker", hook);
      await hasher.close();
    }
    expect(started.map(({ threadId }) => threadId)).toEqual([-1, -1]);
  });

  it("keeps it while requests wait, and for the next one", async () => {
    await using dir = await temporaryDirectory();
    await writeFiles(dir.path, { file: seededBytes(1, MIB) });
    const started: Worker[] = [];
    const hook = (worker: Worker): void => void started.push(worker);
    process.on("worker", hook);
    const hasher = createPieceHasher(60_000);
    try {
      const asked = await request(dir.path);
      await Promise.all([hasher.hash(asked), hasher.hash(asked), hasher.hash(asked)]);
      await hasher.hash(asked);
      expect(started).toHaveLength(1);
    } finally {
      process.off("worker", hook);
      await hasher.close();
    }
  });
});
