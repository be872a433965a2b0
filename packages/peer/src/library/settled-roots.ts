import { listRoots, type Roots } from "./roots.ts";

/** Puts right what was interrupted in a games directory. */
export type RecoverGamesDir = (gamesDir: string) => Promise<void>;

/**
 * Lists games directories. What was interrupted in one is put right before its roots are told: at the first time, when it
 * was away meanwhile, and when another directory has come to its path, as a drive that is plugged in does.
 */
export class SettledRoots {
  readonly #recover: RecoverGamesDir | undefined;
  /** What was put right last, and has been there ever since; null where nothing was. */
  #settled: string | null = null;
  /** One listing after the other: nobody sees roots while they are being put right. */
  #last: Promise<unknown> = Promise.resolve();
  #isRecovering = false;

  constructor(recover: RecoverGamesDir | undefined) {
    this.#recover = recover;
  }

  /** @throws PeerError as {@link listRoots}, and what kept the recovery from its work: it is tried again the next time */
  list(gamesDir: string): Promise<Roots> {
    const listed = this.#last.then(() => this.#list(gamesDir));
    this.#last = listed.catch(() => {});
    return listed;
  }

  /** What ends when nothing is being put right any more; null where nothing is. */
  recovering(): Promise<unknown> | null {
    return this.#isRecovering ? this.#last : null;
  }

  async #list(gamesDir: string): Promise<Roots> {
    try {
      let roots = await listRoots(gamesDir);
      for (let place = placeOf(gamesDir, roots); place !== this.#settled; place = placeOf(gamesDir, roots)) {
        this.#isRecovering = true;
        await this.#recover?.(gamesDir);
        roots = await listRoots(gamesDir);
        // Another one may have come while this one was put right.
        if (placeOf(gamesDir, roots) === place) this.#settled = place;
      }
      return roots;
    } catch (error) {
      this.#settled = null;
      throw error;
    } finally {
      this.#isRecovering = false;
    }
  }
}

function placeOf(gamesDir: string, { identity }: Roots): string {
  return `${identity} ${gamesDir}`;
}
