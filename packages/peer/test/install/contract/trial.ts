import { mkdir, stat } from "node:fs/promises";
import { basename, join } from "node:path";
import {
  type Rar5Entry,
  type Rar5Padding,
  type TemporaryDirectory,
  type WriteRar5Options,
  writeRar4,
  writeRar5,
} from "@lanspread/testkit";
import { expect } from "vitest";
import type { PeerError } from "../../../src/errors/index.ts";
import type { StreamTotals, UnpackedFile, Unpacker } from "../../../src/install/index.ts";
import { tree } from "../support.ts";
import { type CollectingSink, createCollectingSink } from "./collecting-sink.ts";

/** The versions of the format. */
export const VERSIONS = [4, 5] as const;
export type Version = (typeof VERSIONS)[number];

export const writeRar = (version: Version) => (version === 4 ? writeRar4 : writeRar5);

/** A time that both versions can keep: RAR 4 counts in steps of two seconds. */
export const MTIME = new Date("2019-07-06T05:04:02Z");

/** What came of an archive that was unpacked and streamed. */
export interface Outcome {
  /** Absolute path of the archive. */
  readonly archive: string;
  /** Absolute path of what it was unpacked into. */
  readonly into: string;
  /** Files on disk. Undefined where it failed. */
  readonly files: readonly UnpackedFile[] | undefined;
  /** Of unpacking. Streaming fails with the same code, and names the archive too. */
  readonly error: PeerError | undefined;
  readonly streamed: CollectingSink;
}

export interface Trial {
  readonly unpacker: Unpacker;
  /** Unpacks and streams an archive, and expects that both agree. */
  run(archive: string): Promise<Outcome>;
  /** The same with an archive of these entries, called `game.eti`. */
  runEntries(
    version: Version,
    entries: readonly (Rar5Entry | Rar5Padding)[],
    options?: WriteRar5Options,
  ): Promise<Outcome>;
}

export function createTrial(place: TemporaryDirectory, unpacker: Unpacker): Trial {
  const run = async (archive: string): Promise<Outcome> => {
    const into = place.join(`into-${basename(archive)}`);
    await mkdir(into);
    const [files, error] = await settle(unpacker.unpack({ archive, into }));
    const streamed = createCollectingSink();
    const [totals, streamError] = await settle(unpacker.stream({ archive, sink: streamed }));
    expect(streamError?.code, `streaming: ${streamError?.message}`).toBe(error?.code);
    if (files !== undefined) await expectSame(into, files, streamed, totals);
    for (const failed of [error, streamError]) {
      if (failed !== undefined) expect(failed.message, "the archive is named").toContain(place.path);
    }
    return { archive, into, files, error, streamed };
  };
  return {
    unpacker,
    run,
    async runEntries(version, entries, options) {
      const archive = place.join("game.eti");
      await writeRar(version)(archive, entries, options);
      return await run(archive);
    },
  };
}

export async function settle<T>(promise: Promise<T>): Promise<[T, undefined] | [undefined, PeerError]> {
  try {
    return [await promise, undefined];
  } catch (error) {
    return [undefined, error as PeerError];
  }
}

/** What lies on the disk is what was told, and what was streamed. */
async function expectSame(
  into: string,
  files: readonly UnpackedFile[],
  streamed: CollectingSink,
  totals: StreamTotals | undefined,
): Promise<void> {
  const plain = ({ path, size, crc32 }: UnpackedFile) => ({ path, size, crc32 });
  expect(streamed.files.map(plain)).toEqual(files.map(plain));
  expect(streamed.unfinished).toBeUndefined();
  expect(totals).toEqual({
    files: files.length,
    bytes: files.reduce((sum, { size }) => sum + size, 0),
  });
  const onDisk = await tree(into);
  const digests = Object.fromEntries(streamed.files.map(({ path, sha256 }) => [path, sha256]));
  const directories = Object.keys(onDisk).filter((path) => path.endsWith("/"));
  expect(onDisk).toEqual({
    ...digests,
    ...Object.fromEntries(directories.map((path) => [path, "directory"])),
  });
  const parents = new Set([...streamed.directories, ...files.map(({ path }) => path)].flatMap(directoriesOf));
  for (const directory of streamed.directories) parents.add(`${directory}/`);
  expect(new Set(directories)).toEqual(parents);
  for (const { path, mtime, size } of files) {
    const stats = await stat(join(into, path));
    expect([stats.mtimeMs, stats.size], path).toEqual([mtime, size]);
  }
}

/** The directories that a path is in, each with a slash at its end. */
function directoriesOf(path: string): string[] {
  const parts = path.split("/").slice(0, -1);
  return parts.map((_, index) => `${parts.slice(0, index + 1).join("/")}/`);
}
