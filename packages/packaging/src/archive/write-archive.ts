import { execFileSync, spawn } from "node:child_process";
import { createReadStream } from "node:fs";
import { mkdir, open, readFile, rename, rm, stat } from "node:fs/promises";
import { dirname } from "node:path";
import type { Readable, Writable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGzip } from "node:zlib";
import { packTar, type TarSource } from "modern-tar/fs";
import { ZipFile } from "yazl";
import type { ShippedFile } from "../app/shipped-file.ts";
import { BEST_COMPRESSION, FILE_TIME, QUICK_COMPRESSION } from "../constants.ts";

/** How an archive is made: the end of its name. */
export type ArchiveKind = "tar.gz" | "tar.xz" | "zip";

export interface ArchiveOptions {
  readonly kind: ArchiveKind;
  /** The one folder that everything in the archive is in. */
  readonly folder: string;
  /** In the order in which they are to be in the archive. */
  readonly files: readonly ShippedFile[];
  /** For archives that nobody keeps. */
  readonly isQuick: boolean;
  readonly signal?: AbortSignal;
}

const FILE_MODE = 0o644;
const EXECUTABLE_MODE = 0o755;
/** What a mode says of a regular file (`S_IFREG`), which zip keeps beside the rights. */
const REGULAR_FILE = 0o100000;

/** Whether this machine has the program that makes `tar.xz`. */
export function hasXz(): boolean {
  try {
    execFileSync("xz", ["--version"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

/**
 * Writes an archive: the same files, whatever their times, owners and rights here, become the same bytes with the same version of
 * Node.js (and of `xz`). The file appears when it is whole.
 *
 * @throws what the file system says; Error where `xz` fails
 */
export async function writeArchive(file: string, options: ArchiveOptions): Promise<void> {
  const partial = `${file}.partial`;
  await mkdir(dirname(file), { recursive: true });
  const given = options.signal === undefined ? {} : { signal: options.signal };
  const into = (await open(partial, "w")).createWriteStream();
  try {
    switch (options.kind) {
      case "zip":
        await pipeline(zipOf(options), into, given);
        break;
      case "tar.gz":
        await pipeline(await tarOf(options), createGzip({ level: levelOf(options) }), into, given);
        break;
      case "tar.xz":
        await throughXz(await tarOf(options), into, given);
    }
    await rename(partial, file);
  } catch (error) {
    await closed(into);
    await rm(partial, { force: true });
    throw error;
  }
}

async function closed(stream: Writable): Promise<void> {
  if (stream.closed) return;
  await new Promise((resolve) => stream.once("close", resolve).destroy());
}

function levelOf({ isQuick }: ArchiveOptions): number {
  return isQuick ? QUICK_COMPRESSION : BEST_COMPRESSION;
}

/** Files above this size (bytes) are read when their turn comes; the others, some 10 MB together, beforehand. */
const LARGE_BYTES = 2 ** 20;

async function tarOf({ files, folder }: ArchiveOptions): Promise<Readable> {
  const sources = await Promise.all(
    files.map(async ({ path, isExecutable, content }): Promise<TarSource> => {
      const entry = {
        target: `${folder}/${path}`,
        mode: isExecutable ? EXECUTABLE_MODE : FILE_MODE,
        mtime: FILE_TIME_UTC,
        ...{ uid: 0, gid: 0, uname: "root", gname: "root" },
      };
      if ("text" in content) return { ...entry, type: "content", content: content.text };
      // Not by their paths: of files with several names here, as pnpm makes them, the second would become a link to the first.
      const { size } = await stat(content.file);
      return size > LARGE_BYTES
        ? { ...entry, type: "stream", content: createReadStream(content.file), size }
        : { ...entry, type: "content", content: await readFile(content.file) };
    }),
  );
  return packTar(sources);
}

/** Tar says times in UTC, zip in the time of the place: each is told the one that makes it write the same digits everywhere. */
const FILE_TIME_UTC = new Date(Date.UTC(FILE_TIME.getFullYear(), FILE_TIME.getMonth(), FILE_TIME.getDate()));

function zipOf({ files, folder, isQuick }: ArchiveOptions): NodeJS.ReadableStream {
  const zip = new ZipFile();
  for (const { path, isExecutable, content } of files) {
    const options = {
      mtime: FILE_TIME,
      mode: REGULAR_FILE | (isExecutable ? EXECUTABLE_MODE : FILE_MODE),
      forceDosTimestamp: true,
      compressionLevel: isQuick ? QUICK_COMPRESSION : BEST_COMPRESSION,
    };
    if ("file" in content) zip.addFile(content.file, `${folder}/${path}`, options);
    else zip.addBuffer(Buffer.from(content.text), `${folder}/${path}`, options);
  }
  zip.on("error", (error) => (zip.outputStream as Readable).destroy(error));
  zip.end();
  return zip.outputStream;
}

/**
 * Two threads or more split the input into the same blocks, one does not split it. A higher level than 6 has blocks so large that
 * the threads have nothing to share, and saves some hundredths.
 */
const XZ_OPTIONS = ["--threads=4", "-6"];

async function throughXz(
  tar: Readable,
  into: NodeJS.WritableStream,
  options: { signal?: AbortSignal },
): Promise<void> {
  const xz = spawn("xz", ["--compress", "--stdout", ...XZ_OPTIONS], {
    ...options,
    stdio: ["pipe", "pipe", "inherit"],
  });
  const ended = new Promise<void>((resolve, reject) => {
    xz.on("error", reject);
    xz.on("close", (code) => (code === 0 ? resolve() : reject(new Error(`xz ended with ${code}`))));
  });
  await Promise.all([pipeline(tar, xz.stdin, options), pipeline(xz.stdout, into, options), ended]);
}
