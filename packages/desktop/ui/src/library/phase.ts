import type { OperationKind } from "@lanspread/proto";
import { isTextKey } from "../i18n/translate.ts";

/** Text of what an operation does now: of the phase that it told last, else of what it begins with. */
export function phaseKey(operation: OperationKind, told: string | undefined) {
  const key = `phase.${told ?? ""}`;
  if (isTextKey(key)) return key;
  // Before anything comes, the others are asked and the disk is looked at.
  return told === undefined && operation === "downloading"
    ? "phase.checking"
    : (`phase.${operation}` as const);
}
