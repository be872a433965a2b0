import type { PeerId } from "@lanspread/proto";
import type { WorkUnit } from "../../transfer/work-unit.ts";

/** A unit that is being asked of a source. */
export interface Ask {
  readonly id: number;
  readonly peerId: PeerId;
  readonly unit: WorkUnit;
}

/** What is to be done now. */
export type PlanAction =
  | { readonly kind: "ask"; readonly ask: Ask }
  /** The ask is of no use any more: its source stalled, others have delivered it, or another one will have it sooner. */
  | { readonly kind: "drop"; readonly ask: Ask; readonly why: "stalled" | "superseded" | "taken" };
