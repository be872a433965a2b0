import { hash } from "node:crypto";
import type { GameId } from "@lanspread/proto";
import { z } from "zod";
import type { Logger } from "../logger.ts";
import { PRIVATE_FILE_MODE, readJson, type StateDir, writeFileDurably } from "../storage/index.ts";
import type { IndexEntry } from "./entry.ts";
import { entrySchema, entryToJson, parseEntry } from "./entry-file.ts";

const revisionSchema = z.strictObject({
  format: z.literal(1),
  library_rev: z.int().min(0),
  /** SHA-256 of what was announced under that revision. */
  snapshot: z.string(),
});

/** A revision, and what it stands for. */
export interface Revision {
  readonly libraryRev: number;
  /** {@link digestOfSnapshot} of what was announced. */
  readonly snapshot: string;
}

/** What the library remembers in the state directory. Damage is reported once and costs work, never a game. */
export interface IndexStore {
  /**
   * Undefined when there is none, or it was damaged or cannot be read.
   *
   * @param text of the entry's file, where it was read already; null where there seems to be none.
   */
  loadEntry(id: GameId, text: string | null): Promise<IndexEntry | undefined>;
  /** Whether the entry is as it was loaded: it need not be saved. */
  isSaved(entry: IndexEntry): boolean;
  /** Resolves when the entry survives a power cut. */
  saveEntry(entry: IndexEntry): Promise<void>;
  loadRevision(): Promise<Revision>;
  /** Resolves when the revision survives a power cut. */
  saveRevision(revision: Revision): Promise<void>;
}

/**
 * The revision that follows the loss of all others must be larger than any of them, or peers would take what is new for
 * old. The seconds since 1970 are: a library changes less than once a second.
 */
function revisionAfterLoss(): number {
  return Math.floor(Date.now() / 1000);
}

/** Creates the store of a state directory. */
export function createIndexStore(stateDir: StateDir, logger: Logger): IndexStore {
  /** Entries that lie on disk as they are. */
  const loaded = new WeakSet<IndexEntry>();
  return {
    loadEntry: async (id, text) => {
      const known = text === null ? undefined : await parseEntry(text);
      if (known?.id === id) {
        loaded.add(known);
        return known;
      }
      const file = await readJson(stateDir.libraryEntry(id), entrySchema).catch((error: unknown) => {
        logger.warn("an index entry cannot be read: the game is looked at anew", { gameId: id, error });
        return { status: "missing" } as const;
      });
      if (file.status === "ok" && file.value.id === id) return file.value;
      if (file.status === "damaged") {
        const { setAside, reason } = file;
        logger.warn("an index entry was damaged: the game is looked at anew", {
          gameId: id,
          setAside,
          reason,
        });
      }
      return undefined;
    },
    isSaved: (entry) => loaded.has(entry),
    saveEntry: async (entry) => {
      await writeFileDurably(stateDir.libraryEntry(entry.id), await entryToJson(entry), {
        mode: PRIVATE_FILE_MODE,
      });
    },
    loadRevision: async () => {
      const file = await readJson(stateDir.libraryFile, revisionSchema);
      if (file.status === "ok") return { libraryRev: file.value.library_rev, snapshot: file.value.snapshot };
      if (file.status === "missing") return { libraryRev: 0, snapshot: "" };
      const { setAside, reason } = file;
      logger.warn("the library's revision was damaged: it goes on with a larger one", { setAside, reason });
      return { libraryRev: revisionAfterLoss(), snapshot: "" };
    },
    saveRevision: ({ libraryRev, snapshot }) => {
      const file: z.input<typeof revisionSchema> = { format: 1, library_rev: libraryRev, snapshot };
      return writeFileDurably(stateDir.libraryFile, JSON.stringify(file), { mode: PRIVATE_FILE_MODE });
    },
  };
}

/** What {@link Revision.snapshot} holds for a list of summaries. */
export function digestOfSnapshot(games: readonly unknown[]): string {
  return hash("sha256", JSON.stringify(games), "hex");
}
