/**
 * What other programs of this repository use of the command line: where it is, and how it shows things.
 *
 * @module
 */
import { fileURLToPath } from "node:url";

const here = import.meta.url;

/**
 * The program as a command, for this Node.js: the built one, or the sources where this module itself runs from the
 * sources.
 */
export const programCommand: readonly [string, ...string[]] = here.endsWith(".ts")
  ? [process.execPath, "--conditions=source", fileURLToPath(new URL("./main.ts", here))]
  : [process.execPath, fileURLToPath(new URL("../bin/lanspread.mjs", here))];

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
