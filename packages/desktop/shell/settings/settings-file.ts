import { join } from "node:path";
import { type Logger, readJson, writeFileDurably } from "@lanspread/peer/base";
import { type Settings, type SettingsChange, settingsSchema } from "../../protocol/settings.ts";

/** Name of the file in the state directory. */
const FILE_NAME = "desktop.json";

/** Readable by its owner alone: it says where the games are. */
const FILE_MODE = 0o600;

/** The settings of the app, in memory and on disk. */
export class SettingsFile {
  readonly #path: string;
  #settings: Settings;
  readonly #handlers = new Set<() => void>();
  /** One change after the other. */
  #last: Promise<unknown> = Promise.resolve();

  private constructor(path: string, settings: Settings) {
    this.#path = path;
    this.#settings = settings;
  }

  /** Reads what was kept. A damaged file is set aside and reported: the app starts as at the first time. */
  static async open(stateDir: string, logger: Logger): Promise<SettingsFile> {
    const path = join(stateDir, FILE_NAME);
    const read = await readJson(path, settingsSchema);
    if (read.status === "damaged") {
      const { setAside, reason } = read;
      logger.warn("the settings are damaged and were set aside", { file: setAside, reason });
    }
    return new SettingsFile(path, read.status === "ok" ? read.value : {});
  }

  get(): Settings {
    return this.#settings;
  }

  /**
   * Keeps a change. It counts when it is on disk.
   *
   * @throws PeerError of the file system
   */
  change(change: SettingsChange): Promise<void> {
    const changed = this.#last.then(async () => {
      const settings = settingsSchema.parse(merge(this.#settings, change));
      await this.#write(settings);
      this.#settings = settings;
      for (const handler of this.#handlers) handler();
    });
    this.#last = changed.catch(() => {});
    return changed;
  }

  /**
   * Goes back to settings that counted before.
   *
   * @throws PeerError of the file system; they count all the same until the next start
   */
  replace(settings: Settings): Promise<void> {
    const replaced = this.#last.then(async () => {
      this.#settings = settings;
      for (const handler of this.#handlers) handler();
      await this.#write(settings);
    });
    this.#last = replaced.catch(() => {});
    return replaced;
  }

  async #write(settings: Settings): Promise<void> {
    await writeFileDurably(this.#path, `${JSON.stringify(settings, undefined, 2)}\n`, { mode: FILE_MODE });
  }

  /** Calls the handler after every change; returns what ends that. */
  onChange(handler: () => void): () => void {
    this.#handlers.add(handler);
    return () => this.#handlers.delete(handler);
  }
}

/** What is null is forgotten. */
function merge(settings: Settings, change: SettingsChange): Record<string, unknown> {
  const merged = Object.entries({ ...settings, ...change }).filter(
    ([, value]) => value !== null && value !== undefined,
  );
  return Object.fromEntries(merged);
}
