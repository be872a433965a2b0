import { readdir, readFile } from "node:fs/promises";
import { eventually, type TemporaryDirectory, temporaryDirectory } from "@lanspread/testkit";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { processesWith } from "../../src/soak/leftovers.ts";
import { type ProgramRun, startProgram } from "../support/program-run.ts";

/** A short run on a machine that other tests keep busy, ms; a rest alone may take a minute. */
const DEADLINE_MS = 240_000;

let temporary: TemporaryDirectory;

beforeEach(async () => {
  // Short: control sockets lie in it.
  temporary = await temporaryDirectory("lss-");
});

afterEach(async () => {
  await temporary[Symbol.asyncDispose]();
});

function startSoak(...args: string[]): ProgramRun {
  return startProgram("soak", temporary.path, ...args);
}

/** One letter per process, as /proc has them: T is for stopped. */
async function statesOfProcessesWith(text: string): Promise<readonly string[]> {
  const pids = await processesWith(text);
  const stats = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/stat`, "utf8").catch(() => "")));
  return stats.map((stat) => stat.slice(stat.lastIndexOf(")") + 2)[0] ?? "");
}

async function expectNothingLeft(): Promise<void> {
  expect(await processesWith(temporary.path)).toEqual([]);
  expect(await readdir(temporary.path)).toEqual([]);
}

describe("the soak", () => {
  it("ends with views that equal the disks, and leaves nothing behind", {
    timeout: DEADLINE_MS,
  }, async () => {
    const run = startSoak("mesh", "--minutes", "0.1", "--peers", "3", "--seed", "1");
    expect(await run.code, run.output()).toBe(0);
    expect(run.output()).toMatch(/at rest: 3 peers, \d+ game folders, equal after/);
    expect(run.output()).toContain("All views were equal to the disks");
    await expectNothingLeft();
  });

  it.each([
    ["while peers start", "3 peers for", "SIGTERM", 143],
    ["while things happen", "at rest:", "SIGINT", 130],
  ] as const)(
    "leaves nothing behind when it is ended %s",
    { timeout: DEADLINE_MS },
    async (_, sign, signal, code) => {
      const run = startSoak("mesh", "--peers", "3");
      await eventually(() => run.output().includes(sign), { what: sign, deadlineMs: DEADLINE_MS });
      run.child.kill(signal);
      expect(await run.code, run.output()).toBe(code);
      await expectNothingLeft();
    },
  );

  it.skipIf(process.platform !== "linux")(
    `kills the receiver of downloads, and finds every byte right ${process.platform === "linux" ? "" : "(skipped: needs /proc)"}`,
    { timeout: DEADLINE_MS },
    async () => {
      const run = startSoak("download", "--kills", "12", "--mib", "64", "--seed", "1");
      expect(await run.code, run.output()).toBe(0);
      expect(run.output()).toContain("12 kills: 6 at changes of the disk, 6 at any time");
      expect(run.output()).toContain("Every byte was right, and nothing partial was offered.");
      await expectNothingLeft();
    },
  );

  it("leaves nothing behind when it is ended while downloads are killed", {
    timeout: DEADLINE_MS,
  }, async () => {
    const run = startSoak("download", "--mib", "64");
    await eventually(() => run.output().includes("download killed"), {
      what: "the first kill",
      deadlineMs: DEADLINE_MS,
    });
    run.child.kill("SIGINT");
    expect(await run.code, run.output()).toBe(130);
    await expectNothingLeft();
  });

  it("takes its peers along when it is killed, also those that sleep", { timeout: DEADLINE_MS }, async () => {
    const run = startSoak("mesh", "--peers", "6", "--seed", "5");
    await eventually(async () => (await statesOfProcessesWith(temporary.path)).includes("T"), {
      what: "a suspended peer",
      deadlineMs: DEADLINE_MS,
    });
    run.child.kill("SIGKILL");
    await run.code;
    await eventually(async () => (await processesWith(temporary.path)).length === 0, {
      what: "the end of the peers",
      deadlineMs: DEADLINE_MS,
    });
  });

  it("says what it takes where it is asked for something else", { timeout: DEADLINE_MS }, async () => {
    for (const args of [
      [],
      ["mess"],
      ["mesh", "--peers", "1"],
      ["mesh", "--minutes", "0"],
      ["mesh", "--seed", "x"],
      ["mesh", "--kills", "3"],
      ["download", "--kills", "0"],
      ["download", "--mib", "1"],
      ["download", "--minutes", "3"],
    ]) {
      const run = startSoak(...args);
      expect(await run.code).toBe(2);
      expect(run.output()).toContain("usage: pnpm soak mesh");
    }
    const help = startSoak("--help");
    expect(await help.code).toBe(0);
    expect(help.output()).toContain("usage: pnpm soak mesh");
  });
});
