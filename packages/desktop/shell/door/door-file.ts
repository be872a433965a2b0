import { rm } from "node:fs/promises";
import { join } from "node:path";
import { type Logger, readJson, writeFileDurably } from "@lanspread/peer/base";
import { z } from "zod";

/** Name of the file in the state directory. */
const FILE_NAME = "desktop-door.json";

/** Its owner alone may read it: who has the session is let in. */
const FILE_MODE = 0o600;

const doorSchema = z.strictObject({
  port: z.int().min(1).max(65_535),
  session: z.string().regex(/^[\w-]{43}$/u),
});

/** Where the shell was reached last, and by which session: a window that outlives the shell finds the next one by it. */
export type Door = z.infer<typeof doorSchema>;

/** The door of the last run; null where there was none, or its file is damaged. */
export async function loadDoor(stateDir: string, logger: Logger): Promise<Door | null> {
  const read = await readJson(join(stateDir, FILE_NAME), doorSchema);
  if (read.status === "damaged") {
    logger.warn("what was kept of the last window is damaged and was set aside", { file: read.setAside });
  }
  return read.status === "ok" ? read.value : null;
}

/**
 * Keeps the door for the next run, and for a second start. Where it cannot be kept (a full disk) the app is there all the same,
 * and nothing stays of an earlier door: its session is not to be taken up behind one that nobody knows of.
 */
export async function saveDoor(stateDir: string, door: Door, logger: Logger): Promise<void> {
  const file = join(stateDir, FILE_NAME);
  try {
    await writeFileDurably(file, `${JSON.stringify(door)}\n`, { mode: FILE_MODE });
  } catch (error) {
    await rm(file, { force: true }).catch(() => {});
    logger.warn("a second start, and a window behind a restart, will not find this app", { error });
  }
}
