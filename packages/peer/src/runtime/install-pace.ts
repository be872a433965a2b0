import type { RuntimeEventOf } from "@lanspread/proto";
import { INSTALL_PACE_STEP_MS, INSTALL_PACE_WINDOW_MS, MIN_PACE_SPAN_MS } from "./constants.ts";

/** How far an install is; `totalBytes` is 0 while it is not known. */
export interface InstallStep {
  readonly phase: string;
  readonly doneBytes: number;
  readonly totalBytes: number;
}

/** How fast it is. Both are null while too little is known, and where a phase has done everything. */
export type Pace = Pick<RuntimeEventOf<"install-progress">, "bytesPerSecond" | "etaSeconds">;

const UNKNOWN: Pace = { bytesPerSecond: null, etaSeconds: null };

/** Rate and remaining time of an install, from how far it says it is. Times are of one monotonic clock, milliseconds. */
export class InstallPace {
  #samples: { readonly doneBytes: number; readonly at: number }[] = [];
  #last: InstallStep | null = null;

  /** The pace at this step. A phase that is another one, or has less than before, begins anew. */
  take(step: InstallStep, now: number): Pace {
    const { phase, doneBytes, totalBytes } = step;
    if (this.#last?.phase !== phase || doneBytes < this.#last.doneBytes) this.#samples = [];
    this.#last = step;
    const bytesPerSecond = this.#rate(doneBytes, now);
    if (doneBytes >= totalBytes || bytesPerSecond === null) return UNKNOWN;
    return {
      bytesPerSecond,
      etaSeconds: bytesPerSecond > 0 ? (totalBytes - doneBytes) / bytesPerSecond : null,
    };
  }

  #rate(doneBytes: number, now: number): number | null {
    const last = this.#samples.at(-1);
    if (last === undefined || now - last.at >= INSTALL_PACE_STEP_MS) {
      const inside = this.#samples.findIndex(({ at }) => at >= now - INSTALL_PACE_WINDOW_MS);
      this.#samples = [...(inside < 0 ? [] : this.#samples.slice(inside)), { doneBytes, at: now }];
    }
    const first = this.#samples[0];
    if (first === undefined || now - first.at < MIN_PACE_SPAN_MS) return null;
    return ((doneBytes - first.doneBytes) * 1_000) / (now - first.at);
  }
}
