import { lstat } from "node:fs/promises";
import { basename } from "node:path";
import { type ManifestFile, RESET, WireError } from "@lanspread/proto";
import { Refused } from "../../serve/refused.ts";

/** What tells one state of a file from another. */
interface FileState {
  readonly isFile: boolean;
  readonly size: bigint;
  readonly identity: string;
}

/** The files of one archive as they were before it was unpacked. */
export interface ArchiveFiles {
  /** @throws WireError with the reset `revoked` where one of them is another file now, or another content */
  requireUnchanged(): Promise<void>;
}

/**
 * Checks that the files of an archive are those of the manifest, at the top of the game root and no links.
 *
 * @param volumes absolute paths
 * @throws Refused `manifest_changed`
 */
export async function checkArchiveFiles(
  volumes: readonly string[],
  fileAt: (path: string) => ManifestFile | undefined,
): Promise<ArchiveFiles> {
  const before = await Promise.all(volumes.map(stateOf));
  for (const [index, volume] of volumes.entries()) {
    const name = basename(volume);
    const state = before[index];
    const expected = fileAt(name)?.size;
    if (expected !== undefined && state?.isFile === true && state.size === BigInt(expected)) continue;
    throw new Refused("manifest_changed", `${JSON.stringify(name)}: is no longer the file of the manifest`);
  }
  return {
    requireUnchanged: async () => {
      const now = await Promise.all(volumes.map(stateOf));
      const other = volumes.find((_, index) => now[index]?.identity !== before[index]?.identity);
      if (other === undefined) return;
      const name = JSON.stringify(basename(other));
      throw new WireError("manifest_changed", `${name}: changed while it was unpacked`, RESET.revoked);
    },
  };
}

/** Null where nothing can be seen there. */
async function stateOf(path: string): Promise<FileState | null> {
  try {
    const stats = await lstat(path, { bigint: true });
    const { dev, ino, size, mtimeNs } = stats;
    return { isFile: stats.isFile(), size, identity: [dev, ino, size, mtimeNs].join(":") };
  } catch {
    return null;
  }
}
