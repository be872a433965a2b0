import type { EntrySink } from "../../install/types.ts";
import type { FrameSender } from "./frame-sender.ts";

/** What a game is streamed as: one archive after the other, and how much it was in the end. */
export interface InstallFrames {
  beginArchive(archive: ArchiveHead): Promise<void>;
  /** The entries of the archive that was begun last. */
  readonly sink: EntrySink;
  /** Says how much came, which makes the stream whole. */
  complete(): Promise<void>;
}

export interface ArchiveHead {
  /** Path in the game root; of a set of volumes that of the first; the game's id where there is no archive. */
  readonly name: string;
  readonly solid: boolean;
  /** Bytes. */
  readonly unpackedSize: number;
  /** Files and directories. */
  readonly entries: number;
}

/**
 * @param checkGate asked before anything of an entry is sent: throws where the game may no longer be served
 */
export function createInstallFrames(frames: FrameSender, checkGate: () => void): InstallFrames {
  let files = 0;
  let bytes = 0;
  return {
    beginArchive: async ({ name, solid, unpackedSize, entries }) => {
      checkGate();
      await frames.control({ type: "archive_begin", name, solid, unpacked_size: unpackedSize, entries });
    },
    sink: {
      directory: async ({ path }) => {
        checkGate();
        await frames.control({ type: "directory", path });
      },
      fileBegin: async ({ path, size, mtime }) => {
        checkGate();
        await frames.control({ type: "file_begin", path, size, mtime: Math.round(mtime) });
      },
      bytes: async (chunk) => {
        checkGate();
        bytes += chunk.length;
        await frames.data(chunk);
      },
      fileEnd: async ({ crc32 }) => {
        files += 1;
        await frames.control({ type: "file_end", crc32 });
      },
    },
    complete: async () => {
      await frames.control({ type: "complete", files, bytes });
      await frames.flush();
    },
  };
}
