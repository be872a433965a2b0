import { chmod, link, mkdir, readlink, symlink } from "node:fs/promises";
import { dirname, join } from "node:path";
import { ancestorsOf, type GameId } from "@lanspread/proto";
import { errnoOf, fromNodeError, PeerError } from "../errors/index.ts";
import { mapLimited } from "../library/map-limited.ts";
import type { Logger } from "../logger.ts";
import { type Carried, type OldEntry, planCarry, whoseIs } from "./carry-plan.ts";
import { FILES_AT_ONCE, MAX_LOGGED_PATHS } from "./constants.ts";
import { copyFileInto } from "./copy-file.ts";
import { crcOfFile } from "./crc-of-file.ts";
import type { InstalledList } from "./installed-list.ts";
import { listTree, type TreeEntry } from "./list-tree.ts";
import { changedInStaging } from "./require-staged.ts";
import { lstatIfThere } from "./reserved-directory.ts";
import { requireSpace } from "./space.ts";

/** What file systems say that cannot give a file a second name, or not this one. */
const CANNOT_LINK = new Set([
  "EPERM",
  "EACCES",
  "EXDEV",
  "EMLINK",
  "ENOTSUP",
  "EOPNOTSUPP",
  "ENOSYS",
  "EINVAL",
  "EISDIR",
]);

export interface CarryOverOptions {
  readonly gameId: GameId;
  /** Absolute path of the old `local/`. */
  readonly backup: string;
  /** Absolute path of what becomes the new one; everything of the new version is in it. */
  readonly staging: string;
  /** What the last install made; undefined where nobody knows. */
  readonly list: InstalledList | undefined;
  readonly logger: Logger;
  readonly signal?: AbortSignal;
}

export interface CarriedOver {
  /** Files and links of the user's that went over. */
  readonly carried: number;
  /**
   * Looks whether the old `local/` is still as it was looked through (a game that runs meanwhile saves there), and whether all
   * that went over is in the new one (a virus scanner may have taken a file away).
   *
   * @throws PeerError `verification`, naming what is new or different; `no-such-file`, naming what is missing
   */
  readonly requireUnchanged: () => Promise<void>;
}

/**
 * Carries over what the user has in the old `local/`. Nothing in it is changed, and it loses nothing: files get a second
 * name in staging where the file system has that, which takes no space, and are copied elsewhere. Links stay links, and
 * are not followed.
 *
 * @throws PeerError `already-exists` where a folder of the user's is a file in the new version; of the disk, naming the
 *   file; what the signal says.
 */
export async function carryOver(options: CarryOverOptions): Promise<CarriedOver> {
  const { backup, staging, list, signal } = options;
  const before = await listTree(backup, signal);
  const brought = await listTree(staging, signal);
  const plan = planCarry(whoseIs(before, list), brought);
  const carried = await thoseOfTheUser(plan.carried, backup, signal);
  const [blocked] = await thoseOfTheUser(plan.blocked, backup, signal);
  if (blocked !== undefined) throw inTheWay(blocked, brought, backup);
  await placeAll(carried, options);
  await keepModes(carried, { before, brought, staging });
  report(options, carried, plan.replaced);
  return {
    carried: carried.filter(({ kind }) => kind !== "directory").length,
    requireUnchanged: async () => {
      requireSame(backup, before, await listTree(backup, signal));
      await requireCarried(staging, carried, signal);
    },
  };
}

/** Leaves out what has the bytes that were installed. */
async function thoseOfTheUser<Entry extends OldEntry>(
  entries: readonly Entry[],
  backup: string,
  signal: AbortSignal | undefined,
): Promise<readonly Entry[]> {
  const kept: Entry[] = [];
  for (const entry of entries) {
    if (entry.whose === "compare" && (await crcOfFile(join(backup, entry.path), signal)) === entry.crc32)
      continue;
    kept.push(entry);
  }
  return kept;
}

/** Everything that takes no space first; then there has to be space for the rest. */
async function placeAll(carried: readonly Carried[], options: CarryOverOptions): Promise<void> {
  const { backup, staging, signal } = options;
  const directories = new Set(
    carried.map(({ to, kind }) => (kind === "directory" ? join(staging, to) : dirname(join(staging, to)))),
  );
  for (const directory of directories) {
    await mkdir(directory, { recursive: true }).catch((error: unknown) => {
      throw fromNodeError(error, directory);
    });
  }
  const placed = await mapLimited(carried, FILES_AT_ONCE, (entry) => place(entry, options), signal);
  const left = carried.filter((_, index) => placed[index] === false);
  if (left.length === 0) return;
  await requireSpace(
    staging,
    left.reduce((sum, { size }) => sum + size, 0),
  );
  for (const { path, to, size } of left) {
    const cancellable = signal === undefined ? {} : { signal };
    await copyFileInto({ from: backup, to: staging, path, as: to, size, ...cancellable });
  }
}

/** @returns false where a file has to be copied. */
async function place({ path, to, kind }: Carried, { backup, staging }: CarryOverOptions): Promise<boolean> {
  const [source, target] = [join(backup, path), join(staging, to)];
  try {
    if (kind === "file") return await hasSecondName(source, target);
    if (kind === "link") await symlink(await readlink(source), target);
    return true;
  } catch (error) {
    throw fromNodeError(error, source);
  }
}

async function hasSecondName(source: string, target: string): Promise<boolean> {
  try {
    await link(source, target);
    return true;
  } catch (error) {
    if (CANNOT_LINK.has(errnoOf(error) ?? "")) return false;
    throw error;
  }
}

/** Directories that only the user has get the permissions that they had; their owner can always work in them. */
async function keepModes(
  carried: readonly Carried[],
  trees: {
    readonly before: readonly TreeEntry[];
    readonly brought: readonly TreeEntry[];
    readonly staging: string;
  },
): Promise<void> {
  const modes = new Map(trees.before.map(({ path, mode }) => [path, mode]));
  const theirs = new Set(trees.brought.map(({ path }) => path));
  const made = new Map<string, number>();
  for (const { path, to, kind } of carried) {
    const from = [...(kind === "directory" ? [path] : []), ...ancestorsOf(path)];
    const into = [...(kind === "directory" ? [to] : []), ...ancestorsOf(to)];
    for (const [index, directory] of into.entries()) {
      const mode = modes.get(from[index] ?? "");
      if (mode !== undefined && !theirs.has(directory)) made.set(directory, mode | 0o700);
    }
  }
  for (const [directory, mode] of made) {
    await chmod(join(trees.staging, directory), mode).catch((error: unknown) => {
      throw fromNodeError(error, join(trees.staging, directory));
    });
  }
}

function report(
  { gameId, list, logger }: CarryOverOptions,
  carried: readonly Carried[],
  replaced: readonly OldEntry[],
): void {
  const files = carried.filter(({ kind }) => kind !== "directory");
  logger.info("what is the user's was carried over", { gameId, files: files.length, paths: some(files) });
  if (list === undefined) {
    logger.warn(
      "nobody knows what of the old install was the user's: all that the new version lacks was kept",
      {
        gameId,
      },
    );
    return;
  }
  const lost = replaced.filter(({ whose }) => whose === "user");
  if (lost.length === 0) return;
  logger.warn("files that the user had made or changed gave way to those of the new version", {
    gameId,
    files: lost.length,
    paths: some(lost),
  });
}

function some(entries: readonly OldEntry[]): readonly string[] {
  return entries.slice(0, MAX_LOGGED_PATHS).map(({ path }) => path);
}

function inTheWay(blocked: OldEntry, brought: readonly TreeEntry[], backup: string): PeerError {
  const files = new Set(brought.flatMap(({ path, kind }) => (kind === "directory" ? [] : [path])));
  const folder = ancestorsOf(blocked.path).find((path) => files.has(path)) ?? dirname(blocked.path);
  return new PeerError(
    "already-exists",
    `${join(backup, blocked.path)} is the user's, but the new version has a file where its folder ${folder} is`,
    { hint: "Move that folder out of local and update again." },
  );
}

function requireSame(backup: string, before: readonly TreeEntry[], now: readonly TreeEntry[]): void {
  const known = new Set(before.map(keyOf));
  const changed = now.find((entry) => !known.has(keyOf(entry)));
  const gone =
    before.length === now.length
      ? undefined
      : before.find(({ path }) => !now.some((entry) => entry.path === path));
  const path = (changed ?? gone)?.path;
  if (path === undefined) return;
  throw new PeerError("verification", `${join(backup, path)} was changed while the game was updated`, {
    hint: "Close the game, then update again.",
  });
}

/** The old install is about to be deleted: what is not in the new one then is lost. */
async function requireCarried(
  staging: string,
  carried: readonly Carried[],
  signal: AbortSignal | undefined,
): Promise<void> {
  await mapLimited(
    carried,
    FILES_AT_ONCE,
    async ({ to, kind, size }) => {
      const stats = await lstatIfThere(join(staging, to));
      const isThere =
        kind === "file"
          ? stats?.isFile() === true && stats.size === size
          : kind === "link"
            ? stats?.isSymbolicLink() === true
            : stats?.isDirectory() === true;
      if (!isThere) throw changedInStaging(join(staging, to));
    },
    signal,
  );
}

function keyOf({ path, kind, size, mtimeMs }: TreeEntry): string {
  return JSON.stringify([path, kind, size, mtimeMs]);
}
