import type { ScenarioId } from "./runner/matrix-document.ts";
import type { Stage } from "./stage/stage.ts";

/** What keeps a scenario from running on a machine. */
export type Need = "lan" | "root" | "rsync";

/** One row of the matrix, as a program. */
export interface Scenario {
  readonly id: ScenarioId;
  /** `lan`: hosts of its own that can be unplugged and shaped; `root`: file systems to mount. Default: nothing. */
  readonly needs?: readonly Need[];
  /**
   * How many processors it keeps busy, for the runner to run others beside it; default 1. `all` runs alone: for those that
   * measure.
   */
  readonly cores?: number | "all";
  /** Longest time, ms; default: that of the constants. */
  readonly deadlineMs?: number;
  /** Sets up, acts and proves; resolves with what was proved, in one line, and throws where it was not. */
  readonly run: (stage: Stage) => Promise<string>;
}
