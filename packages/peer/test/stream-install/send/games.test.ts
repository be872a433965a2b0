import { mkdir, readFile, stat, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { RESET } from "@lanspread/proto";
import { eventually, seededBytes, temporaryDirectory, writeRar5 } from "@lanspread/testkit";
import { describe, expect, it } from "vitest";
import type { RequestStream } from "../../../src/transfer/index.ts";
import { SOLID_FILES, solidEntries } from "../../install/solid-files.ts";
import { content, type ServeRig } from "../../serve/rig.ts";
import { streamPair } from "../../serve/stream-pair.ts";
import {
  archiveOf,
  askForStream,
  countingUnpacker,
  createStreamRig,
  GGOO,
  gameOf,
  MTIME,
  nothingLeft,
  openFilesBelow,
  type Received,
  shorten,
} from "./support.ts";

async function whole(rig: ServeRig, windowBytes?: number): Promise<Received[]> {
  const { asking, served } = rig.open(windowBytes === undefined ? {} : { windowBytes });
  const frames = await (await askForStream(rig, asking)).rest();
  await served;
  await nothingLeft(rig);
  return frames;
}

const VOLUMES = [
  ["parts", (index: number) => `game.part${index + 1}.eti`],
  [
    "the old scheme",
    (index: number) => (index === 0 ? "game.eti" : `game.r${String(index - 1).padStart(2, "0")}`),
  ],
] as const;

it.each(VOLUMES)("a set of volumes is one archive, named by its first: %s", async (_, nameOf) => {
  await using place = await temporaryDirectory();
  const root = place.join("games", GGOO);
  await mkdir(root, { recursive: true });
  const bytes = content(700_000, "volumes");
  await writeFile(join(root, "version.ini"), "2018.04.12\n");
  const first = { name: "a.bin", content: bytes, mtime: MTIME };
  await writeRar5({ bytes: 300_000, path: (index) => join(root, nameOf(index)) }, [first]);
  await writeFile(join(root, "zz.eti"), await archiveOf([{ name: "b.bin", content: "b", mtime: MTIME }]));
  const unpacker = countingUnpacker();
  await using rig = await createStreamRig({}, { gamesDir: place.join("games"), unpacker });
  expect(rig.manifest().files.length).toBeGreaterThan(3);
  expect(shorten(await whole(rig))).toEqual([
    { type: "archive_begin", name: nameOf(0), solid: false, unpacked_size: 700_000, entries: 1 },
    { type: "file_begin", path: "a.bin", size: 700_000, mtime: MTIME.getTime() },
    { bytes: 700_000, crc: crc32(bytes) },
    { type: "file_end", crc32: crc32(bytes) },
    { type: "archive_begin", name: "zz.eti", solid: false, unpacked_size: 1, entries: 1 },
    { type: "file_begin", path: "b.bin", size: 1, mtime: MTIME.getTime() },
    { bytes: 1, crc: crc32("b") },
    { type: "file_end", crc32: crc32("b") },
    { type: "complete", files: 2, bytes: 700_001 },
  ]);
  expect([unpacker.lists.length, unpacker.streams.length]).toEqual([2, 2]);
});

it("a volume that changes while another one is read revokes the stream", async () => {
  await using place = await temporaryDirectory();
  const root = place.join("games", GGOO);
  await mkdir(root, { recursive: true });
  await writeFile(join(root, "version.ini"), "2018.04.12\n");
  const files = [{ name: "a.bin", content: seededBytes(4, 12_000_000) }];
  const pathOf = (index: number) => join(root, `game.part${index + 1}.eti`);
  await writeRar5({ bytes: 7_000_000, path: pathOf }, files);
  await using rig = await createStreamRig({}, { gamesDir: place.join("games") });
  const { asking, served } = rig.open({ windowBytes: 64 * 1024 });
  const receiver = await askForStream(rig, asking);
  await receiver.next();
  await utimes(pathOf(0), new Date(), new Date(Date.now() + 5000));
  await expect(receiver.rest()).rejects.toThrow(`reset with ${RESET.revoked}`);
  await served;
  await nothingLeft(rig);
});

it("a solid archive is read once, from its first entry to its last", async () => {
  await using place = await temporaryDirectory();
  const root = place.join("games", GGOO);
  await mkdir(root, { recursive: true });
  await writeFile(join(root, "version.ini"), "2018.04.12\n");
  await writeRar5(join(root, "game.eti"), solidEntries(), { solid: true });
  const unpacker = countingUnpacker();
  await using rig = await createStreamRig({}, { gamesDir: place.join("games"), unpacker });
  const frames = shorten(await whole(rig));
  const files = Object.entries(SOLID_FILES);
  expect(frames[0]).toMatchObject({ type: "archive_begin", solid: true, entries: files.length });
  for (const [path, bytes] of files) {
    const at = frames.findIndex((frame) => (frame as { path?: string }).path === path);
    const crc = crc32(bytes);
    expect(frames.slice(at + 1, at + 3)).toMatchObject([{ crc }, { type: "file_end", crc32: crc }]);
  }
  expect([unpacker.lists.length, unpacker.streams.length]).toEqual([1, 1]);
});

it("many small files do not become many small writes", async () => {
  const entries = Array.from({ length: 3000 }, (_, index) => ({ name: `${index}.txt`, content: `${index}` }));
  await using rig = await createStreamRig(await gameOf({ "a.eti": entries }));
  const { asking, answering } = streamPair();
  let writes = 0;
  const counted: RequestStream = {
    ...answering,
    write: (bytes, options) => {
      writes += 1;
      return answering.write(bytes, options);
    },
  };
  const served = rig.server.serveStream(counted, rig.context);
  expect(await (await askForStream(rig, asking)).rest()).toHaveLength(2 + 3 * entries.length);
  await served;
  expect(writes).toBeLessThan(20);
});

describe("a game without archives", () => {
  const BIG = content(1_500_000, "big");
  const FILES = {
    "version.ini": "2018.04.12\n",
    "bin/game.bin": BIG,
    "readme.txt": "read me",
    "empty.dat": "",
    "local/saved.txt": "the user's",
    "data/nested.eti": "no archive: it is not at the root",
  };

  it("comes as one archive that has its id for a name: the files of the manifest but the sentinel", async () => {
    const unpacker = countingUnpacker();
    await using rig = await createStreamRig(FILES, { unpacker });
    const path = join(rig.library.gamesDir, GGOO);
    const frames = shorten(await whole(rig));
    const expected: unknown[] = [];
    for (const { path: name, size } of rig.manifest().files) {
      if (name === "version.ini") continue;
      const bytes = await readFile(join(path, name));
      const { mtimeMs } = await stat(join(path, name));
      expected.push({ type: "file_begin", path: name, size, mtime: Math.round(mtimeMs) });
      if (size > 0) expected.push({ bytes: size, crc: crc32(bytes) });
      expected.push({ type: "file_end", crc32: crc32(bytes) });
    }
    const bytes = BIG.length + FILES["readme.txt"].length + FILES["data/nested.eti"].length;
    expect(frames).toEqual([
      { type: "archive_begin", name: GGOO, solid: false, unpacked_size: bytes, entries: 4 },
      ...expected,
      { type: "complete", files: 4, bytes },
    ]);
    expect(unpacker.lists).toEqual([]);
  });

  it("of nothing but its sentinel is an empty archive", async () => {
    await using rig = await createStreamRig({ "version.ini": "1" });
    expect(await whole(rig)).toEqual([
      { type: "archive_begin", name: GGOO, solid: false, unpacked_size: 0, entries: 0 },
      { type: "complete", files: 0, bytes: 0 },
    ]);
  });

  it.each([
    [
      "changes while it is sent",
      async (path: string) => await utimes(path, new Date(), new Date(Date.now() + 5000)),
    ],
    ["gets shorter while it is sent", async (path: string) => await writeFile(path, "short")],
  ])("is revoked when a file %s", async (_, change) => {
    await using rig = await createStreamRig(FILES);
    const { asking, served } = rig.open({ windowBytes: 64 * 1024 });
    const receiver = await askForStream(rig, asking);
    expect(await receiver.next()).toMatchObject({ type: "archive_begin" });
    expect(await receiver.next()).toMatchObject({ type: "file_begin", path: "bin/game.bin" });
    expect(openFilesBelow(rig.library.gamesDir)).toHaveLength(process.platform === "linux" ? 1 : 0);
    await change(join(rig.library.gamesDir, GGOO, "bin/game.bin"));
    await expect(receiver.rest()).rejects.toThrow(`reset with ${RESET.revoked}`);
    await served;
    await eventually(() => openFilesBelow(rig.library.gamesDir).length === 0);
  });

  it("is revoked when a file is gone that comes later", async () => {
    await using rig = await createStreamRig(FILES);
    const { asking, served, answer } = rig.open({ windowBytes: 64 * 1024 });
    const receiver = await askForStream(rig, asking);
    expect(await receiver.next()).toMatchObject({ type: "archive_begin" });
    const hash = rig.manifest().manifest_hash;
    await writeFile(join(rig.library.gamesDir, GGOO, "readme.txt"), "another length");
    await expect(receiver.rest()).rejects.toThrow(`reset with ${RESET.revoked}`);
    await served;
    expect(answer.resetCode).toBe(RESET.revoked);
    await eventually(() => rig.manifest().manifest_hash !== hash);
  });
});
