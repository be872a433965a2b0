import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { createInterface } from "node:readline";
import { describe, expect, it } from "vitest";
import { temporaryDirectory } from "../src/index.ts";

const MODULE = new URL("../src/temporary-directory.ts", import.meta.url).href;
const PLACE = new URL("support/place-of-this-run.ts", import.meta.url).href;

/** A process with a file in a temporary directory that goes on to write; then it does `after`. */
function holder(after: string) {
  return run(`
    import { writeFileSync } from "node:fs";
    const { temporaryDirectory } = await import(${JSON.stringify(MODULE)});
    const dir = await temporaryDirectory("lanspread-ended-");
    writeFileSync(dir.join("huge.rar"), "x");
    setInterval(() => {}, 60_000);
    console.log(dir.path);
    ${after}
  `);
}

/** A process that says a path in its first line. */
async function run(script: string) {
  const child = spawn(process.execPath, ["--input-type=module", "-e", script], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const ended = once(child, "exit");
  const [path] = (await once(createInterface(child.stdout), "line")) as [string];
  return { child, path, ended };
}

describe("a temporary directory", () => {
  it("is there until it is disposed, and leaves no listener behind", async () => {
    const before = process.listenerCount("SIGINT");
    let path: string;
    {
      await using dir = await temporaryDirectory();
      await using other = await temporaryDirectory();
      path = dir.path;
      expect(existsSync(path) && existsSync(other.path)).toBe(true);
      expect(process.listenerCount("SIGINT")).toBe(before + 1);
    }
    expect(existsSync(path)).toBe(false);
    expect(process.listenerCount("SIGINT")).toBe(before);
  });

  it.skipIf(process.platform === "win32").each(["SIGINT", "SIGTERM", "SIGHUP"] as const)(
    "is removed when %s ends the process, which it does",
    async (signal) => {
      const { child, path, ended } = await holder("");
      expect(existsSync(path)).toBe(true);
      child.kill(signal);
      expect(await ended).toEqual([null, signal]);
      expect(existsSync(path)).toBe(false);
    },
  );

  it.skipIf(process.platform === "win32")("leaves the end to who listens, too", async () => {
    const { child, path, ended } = await holder(
      'process.once("SIGINT", () => setImmediate(() => process.exit(3)));',
    );
    child.kill("SIGINT");
    expect(await ended).toEqual([3, null]);
    expect(existsSync(path)).toBe(false);
  });
});

it.skipIf(process.platform === "win32")("the place of a run of tests is removed by Ctrl+C", async () => {
  // As the runner does: it listens once, and exits while the processes with the tests are not yet dead.
  const { child, path, ended } = await run(`
    import { mkdirSync } from "node:fs";
    const { default: placeOfThisRun } = await import(${JSON.stringify(PLACE)});
    placeOfThisRun();
    process.once("SIGINT", () => setTimeout(() => process.exit(3), 1));
    mkdirSync(process.env.TMPDIR + "/left");
    setInterval(() => {}, 60_000);
    console.log(process.env.TMPDIR);
  `);
  expect(existsSync(path)).toBe(true);
  child.kill("SIGINT");
  expect(await ended).toEqual([3, null]);
  expect(existsSync(path)).toBe(false);
});
