import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, symlink } from "node:fs/promises";
import { delimiter, join } from "node:path";
import {
  eventually,
  namespacesUnavailable,
  type TemporaryDirectory,
  temporaryDirectory,
} from "@lanspread/testkit";
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from "vitest";
import { oneAtATime } from "../support/one-at-a-time.ts";
import { processesIn } from "../support/processes-in.ts";
import { type ProgramRun, startProgram } from "../support/program-run.ts";

let temporary: TemporaryDirectory;

oneAtATime();

beforeEach(async () => {
  // Short: control sockets lie in it.
  temporary = await temporaryDirectory("lsr-");
});

afterEach(() => temporary[Symbol.asyncDispose]());

function startRunner(...args: string[]): ProgramRun {
  return startProgram("runner", temporary.path, ...args);
}

async function peersHere(): Promise<readonly number[]> {
  return (await processesIn(temporary.path)).map(({ pid }) => pid);
}

describe("the runner", () => {
  it("runs a scenario without any rights, and says what it proved; nothing is left", async () => {
    const junit = temporary.join("junit.xml");
    const run = startRunner("s9", "S56", "--loopback", "--junit", junit);
    expect(await run.code, run.output()).toBe(0);
    expect(run.output()).toContain("S9   passed");
    expect(run.output()).toContain("S56  skipped");
    expect(run.output()).toContain("2 scenarios: 1 passed, 1 skipped");
    expect(await readFile(junit, "utf8")).toContain('tests="2" failures="0" skipped="1"');
    expect(await readdir(temporary.path)).toEqual(["junit.xml"]);
  });

  it("fails for a scenario that is skipped where all have to run", async () => {
    const run = startRunner("S9", "S56", "--loopback", "--fail-on-skip");
    expect(await run.code, run.output()).toBe(1);
    expect(run.output()).toContain("1 did not run, which fails with --fail-on-skip");
    const all = startRunner("S9", "--loopback", "--fail-on-skip");
    expect(await all.code, all.output()).toBe(0);
  });

  it.skipIf(namespacesUnavailable() !== undefined)(
    "does without hosts of their own where cables cannot be slowed, and says why (needs namespaces)",
    async () => {
      const programs = temporary.join("programs");
      await mkdir(programs);
      // All that makes namespaces, but for what shapes cables.
      const ip = (process.env["PATH"] ?? "").split(delimiter).find((place) => existsSync(join(place, "ip")));
      await symlink(join(ip ?? "", "ip"), join(programs, "ip"));
      vi.stubEnv("PATH", programs);
      onTestFinished(() => void vi.unstubAllEnvs());
      const run = startRunner("S9", "S56");
      expect(await run.code, run.output()).toBe(0);
      expect(run.output()).toMatch(/every peer is a process on 127\.0\.0\.0\/8 \(no namespaces: tc /u);
      expect(run.output()).toContain("2 scenarios: 1 passed, 1 skipped");
    },
  );

  it("ends what runs when it is told to, and leaves nothing, not even logs", async () => {
    const run = startRunner("S23", "--loopback");
    await eventually(async () => (await peersHere()).length >= 3, {
      what: "three peers",
      deadlineMs: 90_000,
    });
    run.child.kill("SIGINT");
    expect(await run.code, run.output()).toBe(130);
    expect(run.output()).toContain("ended by SIGINT");
    expect(run.output()).not.toContain("left behind");
    expect(await peersHere()).toEqual([]);
    expect(await readdir(temporary.path)).toEqual([]);
  });

  it("says what is wrong with its arguments", async () => {
    const run = startRunner("S9", "--sabotage");
    expect(await run.code).toBe(2);
    const unknown = startRunner("S999");
    expect(await unknown.code).toBe(1);
    expect(unknown.output()).toContain("no row of the matrix speaks of S999");
  });

  it.skipIf(process.platform !== "linux")(
    "that was killed is cleaned up after by the next one (needs /proc)",
    async () => {
      const killed = startRunner("S23", "--loopback");
      await eventually(async () => (await peersHere()).length >= 3, {
        what: "three peers",
        deadlineMs: 90_000,
      });
      // Stopped, so that it ends none of them meanwhile, and they cannot notice by themselves that nobody drives them any more.
      killed.child.kill("SIGSTOP");
      const peers = await peersHere();
      for (const pid of peers) process.kill(pid, "SIGSTOP");
      killed.child.kill("SIGKILL");
      await killed.code;
      expect((await readdir(temporary.path)).length).toBe(1);

      const next = startRunner("S35", "--loopback");
      expect(await next.code, next.output()).toBe(0);
      // Any runner that starts just then ends them, wherever its own folder is; by themselves they cannot.
      expect(next.output()).toMatch(/^removed .* of an earlier run that was killed$/mu);
      await eventually(async () => (await peersHere()).length === 0, { what: "the end of the peers" });
      expect(await readdir(temporary.path)).toEqual([]);
    },
  );
});
