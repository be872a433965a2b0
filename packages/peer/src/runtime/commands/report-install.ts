import type { GameId, PeerId } from "@lanspread/proto";
import { INSTALL_PROGRESS_MS } from "../constants.ts";
import type { RuntimeContext } from "../context.ts";
import { InstallPace, type InstallStep } from "../install-pace.ts";

/** Tells how far an install is, and how fast: where a phase begins and ends, and every so often. */
export function installReporter(
  { bus }: Pick<RuntimeContext, "bus">,
  gameId: GameId,
): (step: InstallStep) => void {
  const tell = installTeller({ bus }, gameId);
  let told: { readonly step: InstallStep; readonly at: number } | null = null;
  return (step) => {
    const at = performance.now();
    const { phase, doneBytes, totalBytes } = step;
    const isNew =
      told?.step.phase !== phase || told.step.doneBytes === 0 || (totalBytes > 0 && doneBytes >= totalBytes);
    if (told !== null && !isNew && at - told.at < INSTALL_PROGRESS_MS) return;
    told = { step, at };
    tell(step);
  };
}

/** A step of an install that may come from somebody else. */
export interface ReceivedStep extends InstallStep {
  /** Who sends it. */
  readonly from?: PeerId;
}

/** Tells every step that it is given. */
export function installTeller(
  { bus }: Pick<RuntimeContext, "bus">,
  gameId: GameId,
): (step: ReceivedStep) => void {
  const pace = new InstallPace();
  return ({ from, ...step }) => {
    const figures = pace.take(step, performance.now());
    const rates = from === undefined ? {} : { rates: { [from]: figures.bytesPerSecond ?? 0 } };
    bus.emit({ type: "install-progress", gameId, ...step, ...figures, ...rates });
  };
}
