import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { eventually, type TemporaryDirectory, temporaryDirectory } from "@lanspread/testkit";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type ProgramRun, startProgram } from "./support/program-run.ts";

/** The demo moves half a GiB on a machine that other tests keep busy, ms. */
const DEADLINE_MS = 120_000;

interface DemoRun extends ProgramRun {
  /** Process ids of the three peers, as far as they were printed. */
  readonly peers: () => number[];
}

let temporary: TemporaryDirectory;

beforeEach(async () => {
  // Short: control sockets lie in it.
  temporary = await temporaryDirectory("lsd-");
});

afterEach(async () => {
  await temporary[Symbol.asyncDispose]();
});

function startDemo(): DemoRun {
  const run = startProgram("demo", temporary.path);
  const peers = (): number[] =>
    [...run.output().matchAll(/: process (\d+), peer /g)].map((match) => Number(match[1]));
  return { ...run, peers };
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** Waits until the demo has started all three peers and downloads. */
async function inTransfer(demo: DemoRun): Promise<number[]> {
  const isOver = (): boolean => demo.child.exitCode !== null;
  await eventually(() => demo.output().includes("citadel: downloading") || isOver(), {
    what: "a download",
    deadlineMs: DEADLINE_MS,
  });
  expect(isOver(), demo.output()).toBe(false);
  expect(demo.peers()).toHaveLength(3);
  return demo.peers();
}

async function expectNothingLeft(peers: readonly number[]): Promise<void> {
  expect(peers.filter(isRunning)).toEqual([]);
  expect(await readdir(temporary.path)).toEqual([]);
}

describe("the demo", () => {
  it("shows the main job, twice at the same time, and leaves nothing behind", {
    timeout: DEADLINE_MS,
  }, async () => {
    const runs = [startDemo(), startDemo()];
    for (const run of runs) {
      expect(await run.code, run.output()).toBe(0);
      for (const [finder, found] of [
        ["couch", "attic"],
        ["couch", "basement"],
        ["attic", "basement"],
        ["basement", "couch"],
      ]) {
        expect(run.output()).toMatch(new RegExp(`${finder} found ${found} at 127\\.0\\.0\\.1:\\d+`));
      }
      expect(run.output()).toMatch(/citadel: downloading \d+ %, .* MiB of 256\.0 MiB, .*\/s, .* left/);
      expect(run.output()).toMatch(/^citadel +attic +2684\d{5} +\d+\.\d +25\d +2 of 2 files +1 of 1 files$/m);
      expect(run.output()).toMatch(
        /^harbour +basement +332\d{5} +\d+\.\d +\d+ +3 of 3 files +6 of 6 files$/m,
      );
      expect(run.output()).toMatch(
        /^harbour\/local\/data\/maps\/docks\.map +4\.0 MiB +[0-9a-f]{16}… +the archive's entry$/m,
      );
    }
    const peers = runs.flatMap((run) => run.peers());
    expect(new Set(peers).size).toBe(6);
    await expectNothingLeft(peers);
  });

  it("leaves nothing behind when it is interrupted in a download", { timeout: DEADLINE_MS }, async () => {
    const demo = startDemo();
    const peers = await inTransfer(demo);
    demo.child.kill("SIGINT");
    expect(await demo.code, demo.output()).toBe(130);
    await expectNothingLeft(peers);
  });

  it("leaves nothing behind when it is told to end before it has peers", {
    timeout: DEADLINE_MS,
  }, async () => {
    const demo = startDemo();
    await eventually(() => demo.output().includes("Making two games"), { deadlineMs: DEADLINE_MS });
    demo.child.kill("SIGTERM");
    expect(await demo.code, demo.output()).toBe(143);
    await expectNothingLeft([]);
  });

  it("leaves nothing behind when its peers are killed while they start", {
    timeout: DEADLINE_MS,
  }, async () => {
    const demo = startDemo();
    await eventually(() => demo.output().includes("Starting three peers"), { deadlineMs: DEADLINE_MS });
    // The second wish to end waits for nobody.
    demo.child.kill("SIGTERM");
    await eventually(() => demo.child.exitCode !== null || !demo.child.kill("SIGTERM"), {
      deadlineMs: DEADLINE_MS,
    });
    expect(await demo.code, demo.output()).toBe(143);
    await expectNothingLeft(demo.peers());
  });

  it("says what failed and keeps the logs when a peer dies", { timeout: DEADLINE_MS }, async () => {
    const demo = startDemo();
    const peers = await inTransfer(demo);
    process.kill(peers[0] ?? 0, "SIGKILL");
    expect(await demo.code, demo.output()).toBe(1);
    expect(demo.output()).toMatch(/the demo failed: .*citadel/);
    const logs = /The peers' logs are in (.+)/.exec(demo.output())?.[1] ?? "";
    expect((await readdir(logs)).sort()).toEqual(["attic.log", "basement.log", "couch.log"]);
    expect(await readFile(join(logs, "couch.log"), "utf8")).toContain('"event":"download-begin"');
    expect(await readdir(join(logs, ".."))).toEqual(["logs"]);
    expect(peers.filter(isRunning)).toEqual([]);
  });

  it("takes its peers along when it is killed", { timeout: DEADLINE_MS }, async () => {
    const demo = startDemo();
    const peers = await inTransfer(demo);
    demo.child.kill("SIGKILL");
    await demo.code;
    await eventually(() => !peers.some(isRunning), { what: "the end of the peers", deadlineMs: DEADLINE_MS });
  });
});
