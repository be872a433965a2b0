/**
 * What other programs of this repository use of the command line: where it is, and how it shows things.
 *
 * @module
 */
import { fileURLToPath } from "node:url";

/** The program: to be run with Node.js 24 or newer. */
export const programFile: string = fileURLToPath(new URL("../bin/lanspread.mjs", import.meta.url));

export {
  count,
  formatBytes,
  formatDuration,
  formatEta,
  formatRate,
  formatVersion,
  printable,
} from "./report/format.ts";
export {
  createProgressView,
  type ProgressState,
  type ProgressTarget,
  type ProgressView,
} from "./report/progress.ts";
export { type Column, renderTable } from "./report/table.ts";
