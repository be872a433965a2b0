import { readdir } from "node:fs/promises";
import { basename, extname, join } from "node:path";
import { comparePaths, describeRefusal } from "@lanspread/proto";
import { fromNodeError, PeerError } from "../errors/index.ts";
import { ARCHIVE_EXTENSION } from "../library/constants.ts";
import { walkManifest } from "../library/index.ts";
import { type Logger, silentLogger } from "../logger.ts";
import { SENTINEL_NAME } from "../storage/index.ts";
import { checkTogether } from "./entry-rules.ts";
import { tellUnpackFailure } from "./tell-unpacking.ts";
import type { ArchiveListing, Unpacker } from "./types.ts";

/** An archive in a game root, and what it holds. */
export interface RootArchive {
  /** Absolute; of a set of volumes the first. */
  readonly path: string;
  readonly listing: ArchiveListing;
}

/** What an install makes `local/` of. */
export type InstallSource =
  | {
      readonly kind: "archives";
      /** In the order in which they are unpacked: a later one replaces files of an earlier one. */
      readonly archives: readonly RootArchive[];
      /** Bytes that are written, at most. */
      readonly bytes: number;
    }
  | {
      readonly kind: "files";
      /** The payload, relative to the root. */
      readonly files: readonly { readonly path: string; readonly size: number }[];
      readonly bytes: number;
    };

export interface InspectOptions {
  /** Absolute path of the game root. */
  readonly root: string;
  readonly unpacker: Unpacker;
  readonly signal?: AbortSignal;
  readonly logger?: Logger;
  /** Called whenever an archive was listed, which may take its time. */
  readonly onListed?: () => void;
}

/**
 * Looks at what there is to install, and checks all of it, before anything is written: every archive at the root in the
 * order of their names, or where there is none the payload files.
 *
 * @throws PeerError of the unpacker; `archive-unsafe-path` where archives cannot be unpacked over each other;
 *   `forbidden-path` where a payload file has a name that is not safe everywhere.
 */
export async function inspectPayload(options: InspectOptions): Promise<InstallSource> {
  const archives = await listArchives(options);
  if (archives.length === 0) return inspectFiles(options);
  checkOverEachOther(archives);
  return { kind: "archives", archives, bytes: sum(archives.map(({ listing }) => listing.unpackedBytes)) };
}

/** Those of a root's names, or of paths below it, that are archives: in the order in which they are unpacked. */
export function archiveNamesOf(names: readonly string[]): readonly string[] {
  return names
    .filter((name) => !name.includes("/") && extname(name).toLowerCase() === ARCHIVE_EXTENSION)
    .sort(comparePaths);
}

/**
 * How many bytes an install of a downloaded game writes, at most.
 *
 * @throws as {@link inspectPayload} does.
 */
export async function unpackedBytes(options: InspectOptions): Promise<number> {
  return (await inspectPayload(options)).bytes;
}

async function listArchives(options: InspectOptions): Promise<readonly RootArchive[]> {
  const { root, unpacker, signal } = options;
  const names = await archiveNames(root);
  const archives: RootArchive[] = [];
  /** Files that turned out to be later volumes of a set. */
  const taken = new Set<string>();
  for (const path of names.map((name) => join(root, name))) {
    if (taken.has(path)) continue;
    const listing = await unpacker
      .list(path, signal === undefined ? {} : { signal })
      .catch((error: unknown) => {
        tellUnpackFailure(options.logger ?? silentLogger, basename(root), path, error, signal);
        throw error;
      });
    options.onListed?.();
    for (const volume of listing.volumes) taken.add(volume);
    archives.push({ path, listing });
  }
  return archives;
}

async function archiveNames(root: string): Promise<readonly string[]> {
  try {
    const listing = await readdir(root, { withFileTypes: true });
    const archives = new Set(archiveNamesOf(listing.map(({ name }) => name)));
    const link = listing.find((entry) => archives.has(entry.name) && entry.isSymbolicLink());
    if (link !== undefined) throw linkRefused(join(root, link.name));
    return archiveNamesOf(listing.filter((entry) => entry.isFile()).map(({ name }) => name));
  } catch (error) {
    throw fromNodeError(error, root);
  }
}

/** Without it the game would be installed without what it holds. */
function linkRefused(archive: string): PeerError {
  return new PeerError("archive-unsupported", `${archive} is a link, which is not followed`, {
    hint: "Put the archive itself there.",
  });
}

/** A later archive may replace files of an earlier one, under exactly the same path. */
function checkOverEachOther(archives: readonly RootArchive[]): void {
  const files = new Set<string>();
  const directories = new Set<string>();
  for (const { path: archive, listing } of archives) {
    for (const { path, type } of listing.entries) (type === "file" ? files : directories).add(path);
    const clash = checkTogether(files, directories);
    if (clash !== null) {
      throw new PeerError(
        "archive-unsafe-path",
        `${archive}, unpacked over the archives before it: ${describeRefusal(clash)}`,
      );
    }
  }
}

async function inspectFiles({ root, signal, logger }: InspectOptions): Promise<InstallSource> {
  const walk = await walkManifest(root, signal === undefined ? {} : { signal });
  const refusal = walk.refusals[0];
  if (refusal !== undefined) throw new PeerError("forbidden-path", `${root}: ${refusal}`);
  for (const warning of walk.warnings) logger?.warn("not everything is installed", { warning });
  const files = walk.files.filter(({ path }) => path !== SENTINEL_NAME);
  return { kind: "files", files, bytes: sum(files.map(({ size }) => size)) };
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
