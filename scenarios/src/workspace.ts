import { mkdir, mkdtemp, rm, statfs } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { formatBytes } from "lanspread";

/** A run's own corner of the disk. */
export interface Workspace {
  readonly root: string;
  readonly logs: string;
  /** Where the peers' folders are: everything but the logs. */
  readonly peers: string;
  /** Folder of one peer: `games`, `state` and a place for its temporary files below it. */
  peer(name: string): Promise<{ games: string; state: string; temporary: string }>;
  /** Removes everything. */
  remove(): Promise<void>;
  /** Removes everything but the logs; returns where they are. */
  keepLogs(): Promise<string>;
}

/** Makes a temporary directory, after checking that `neededBytes` fit on its disk. @param what such as `demo` */
export async function createWorkspace(what: string, neededBytes: number): Promise<Workspace> {
  const base = tmpdir();
  const { bavail, bsize } = await statfs(base).catch((cause: unknown) => {
    throw new Error(
      `the folder for temporary files ${base} cannot be used (${cause instanceof Error ? cause.message : String(cause)}); ` +
        "make it, or set TMPDIR to a folder that is there",
      { cause },
    );
  });
  if (bavail * bsize < neededBytes) {
    throw new Error(
      `the ${what} needs ${formatBytes(neededBytes)} in ${base}, which has ${formatBytes(bavail * bsize)} free; ` +
        "set TMPDIR to a folder on a larger disk",
    );
  }
  const root = await mkdtemp(join(base, `lanspread-${what}-`));
  const logs = join(root, "logs");
  const peers = join(root, "peers");
  const removal = { recursive: true, force: true, maxRetries: 5, retryDelay: 100 } as const;
  await mkdir(logs);
  return {
    root,
    logs,
    peers,
    async peer(name) {
      const games = join(peers, name, "games");
      const state = join(peers, name, "state");
      const temporary = join(peers, name, "tmp");
      await mkdir(games, { recursive: true });
      await mkdir(state, { recursive: true, mode: 0o700 });
      await mkdir(temporary, { recursive: true });
      return { games, state, temporary };
    },
    remove: () => rm(root, removal),
    async keepLogs() {
      await rm(peers, removal);
      return logs;
    },
  };
}
