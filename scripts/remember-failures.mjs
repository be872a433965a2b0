// A reporter of Vitest: keeps what failed in a file of the package, so that the end of a run of all packages can tell it once more.
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, relative } from "node:path";

/** Where a package keeps it, from the package's own directory. */
export const FAILURES_FILE = "node_modules/.cache/failures.txt";

/** Lines of one error that are told again, and characters of a line: a comparison of two large values would fill pages. */
const MAX_LINES = 30;
const MAX_CHARACTERS = 400;

export default class RememberFailures {
  /**
   * @param {readonly import("vitest/node").TestModule[]} modules
   * @param {readonly import("vitest").SerializedError[]} unhandled
   */
  onTestRunEnd(modules, unhandled) {
    const failures = unhandled.map((error) => tell("outside of all tests", error));
    for (const module of modules) {
      const file = relative(process.cwd(), module.moduleId);
      for (const error of module.errors()) failures.push(tell(file, error));
      for (const suite of module.children.allSuites()) {
        for (const error of suite.errors()) failures.push(tell(`${file}: ${suite.fullName}`, error));
      }
      for (const test of module.children.allTests("failed")) {
        for (const error of test.result().errors) failures.push(tell(`${file}: ${test.fullName}`, error));
      }
    }
    rmSync(FAILURES_FILE, { force: true });
    if (failures.length === 0) return;
    mkdirSync(dirname(FAILURES_FILE), { recursive: true });
    writeFileSync(FAILURES_FILE, [`Failed in ${basename(process.cwd())}:`, "", ...failures].join("\n"));
  }
}

/**
 * @param {string} where
 * @param {{ name?: string, message: string, diff?: string, stack?: string }} error
 */
function tell(where, error) {
  const frame = error.stack
    ?.split("\n")
    .find((line) => line.trimStart().startsWith("at ") && line.includes("/test/"));
  const lines = [`${error.name ?? "Error"}: ${error.message}`, error.diff, frame?.trim()]
    .filter(Boolean)
    .join("\n")
    .split("\n");
  const more = lines.length > MAX_LINES ? [`(and ${lines.length - MAX_LINES} lines more)`] : [];
  return [
    where,
    ...[...lines.slice(0, MAX_LINES), ...more].map((line) => `  ${line.slice(0, MAX_CHARACTERS)}`),
    "",
  ].join("\n");
}
