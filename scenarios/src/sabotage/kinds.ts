/** What can be broken between a peer and the runner. `nothing` only passes everything on. */
export const SABOTAGE_KINDS = [
  "nothing",
  "flipped-byte",
  "missing-sentinel",
  "extra-file",
  "flipped-byte-in-local",
  "staging-left",
  "intent-left",
  "temporary-file-left",
  "end-event-early",
  "end-event-twice",
  "stray-line",
  "transfer-left",
  "leaked-process",
  "leaked-stranger",
  "exit-code",
  "never-stops",
  "stops-when-forced",
] as const;
export type SabotageKind = (typeof SABOTAGE_KINDS)[number];
