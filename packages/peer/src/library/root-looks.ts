import type { GameId } from "@lanspread/proto";
import type { Clock } from "../peers/index.ts";
import { ROOTS_AT_ONCE } from "./constants.ts";
import {
  AT_REST,
  isAtRest,
  type LookPace,
  lookBegan,
  lookDueAt,
  lookEnded,
  noted,
  type RootNews,
  settleBegan,
  settled,
  settlesAt,
} from "./look-pace.ts";

export interface RootLooksOptions {
  readonly clock: Clock;
  /** Looks at a root. @returns whether others see the game */
  readonly look: (id: GameId, walk: boolean) => Promise<boolean>;
  /** Makes sure that everything in a root is watched. */
  readonly refresh: (id: GameId) => Promise<void>;
  /** Something may be due earlier than it was. */
  readonly wake: () => void;
  readonly onFailure: (error: unknown) => void;
}

/** The roots that something happens in, each at its own pace. */
export class RootLooks {
  readonly #options: RootLooksOptions;
  readonly #paces = new Map<GameId, LookPace>();
  readonly #looks = new Set<Promise<void>>();
  /** Taking a watch may wait for those of other roots, and no look waits for it. */
  readonly #refreshes = new Set<Promise<void>>();

  constructor(options: RootLooksOptions) {
    this.#options = options;
  }

  note(id: GameId, news: RootNews): void {
    this.#paces.set(id, noted(this.#pace(id), news, this.#options.clock.now()));
    this.#options.wake();
  }

  /** When {@link start} has something to do next; infinity where nothing is to be done. */
  dueAt(): number {
    let due = Number.POSITIVE_INFINITY;
    for (const pace of this.#paces.values()) {
      due = Math.min(due, settlesAt(pace) ?? due, this.#isFull() ? due : (lookDueAt(pace) ?? due));
    }
    return due;
  }

  /** Begins what is due. */
  start(): void {
    const { clock, look, refresh } = this.#options;
    const now = clock.now();
    for (const [id, pace] of this.#paces) {
      if ((settlesAt(pace) ?? Number.POSITIVE_INFINITY) <= now) {
        this.#paces.set(id, settleBegan(pace));
        this.#begin(this.#refreshes, async () => {
          await refresh(id);
          this.#paces.set(id, settled(this.#pace(id)));
        });
      } else if ((lookDueAt(pace) ?? Number.POSITIVE_INFINITY) <= now && !this.#isFull()) {
        this.#paces.set(id, lookBegan(pace, now));
        this.#begin(this.#looks, async () => {
          const isShared = await look(id, pace.wanted === "walk");
          this.#paces.set(id, lookEnded(this.#pace(id), isShared, clock.now()));
        });
      } else if (isAtRest(pace, now)) {
        this.#paces.delete(id);
      }
    }
  }

  /** Resolves when nothing runs. */
  async idle(): Promise<void> {
    await Promise.all([...this.#looks, ...this.#refreshes]);
  }

  #pace(id: GameId): LookPace {
    return this.#paces.get(id) ?? AT_REST;
  }

  #isFull(): boolean {
    return this.#looks.size >= ROOTS_AT_ONCE;
  }

  #begin(among: Set<Promise<void>>, work: () => Promise<void>): void {
    const { onFailure, wake } = this.#options;
    const running = work()
      .catch(onFailure)
      .finally(() => {
        among.delete(running);
        wake();
      });
    among.add(running);
  }
}
