import type { Translate } from "../i18n/translate.ts";
import { formatRow } from "./format-row.ts";
import type { LogRow } from "./log-state.ts";

/** Copies rows as text. @returns whether the browser let it */
export async function copyRows(rows: readonly LogRow[], t: Translate, language: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(`${rows.map((row) => formatRow(row, t, language)).join("\n")}\n`);
    return true;
  } catch {
    return false;
  }
}
