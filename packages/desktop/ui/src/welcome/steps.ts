import type { PeerSetting } from "../../../protocol/settings.ts";

const STEPS = ["name", "folder", "people"] as const;
export type Step = (typeof STEPS)[number];

/** The first steps that are left to take: what was said when the app was started is not asked. */
export function stepsOf(fixed: readonly PeerSetting[]): readonly Step[] {
  return STEPS.filter(
    (step) =>
      !(step === "name" && fixed.includes("playerName")) &&
      !(step === "folder" && fixed.includes("gamesDir")),
  );
}
