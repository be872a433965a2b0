import { readdir, realpath } from "node:fs/promises";
import {
  eventually,
  mountPoints,
  namespacesUnavailable,
  smallDiskUnavailable,
  type TemporaryDirectory,
  temporaryDirectory,
} from "@lanspread/testkit";
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from "vitest";
import { rsyncUnavailable } from "../../src/hosts/rsync.ts";
import { oneAtATime } from "../support/one-at-a-time.ts";
import { processesIn } from "../support/processes-in.ts";
import { startProgram } from "../support/program-run.ts";

let temporary: TemporaryDirectory;

oneAtATime();

beforeEach(async () => {
  // Short: control sockets lie in it.
  temporary = await temporaryDirectory("lsr-");
});

afterEach(() => temporary[Symbol.asyncDispose]());

/** A module that makes a program fail at SIGUSR2, as by a mistake of its own: nobody catches it. */
const FAILS_WHEN_TOLD = `data:text/javascript,${encodeURIComponent(
  'process.on("SIGUSR2", () => { throw new Error("nobody has foreseen this"); });',
)}`;

/** Runs a scenario until something is there, has the runner fail then, and looks at what is left. */
async function failDuring(id: string, what: string, isThere: () => Promise<boolean>): Promise<void> {
  vi.stubEnv("NODE_OPTIONS", `--import=${FAILS_WHEN_TOLD}`);
  onTestFinished(() => void vi.unstubAllEnvs());
  const run = startProgram("runner", temporary.path, id);
  await eventually(isThere, { what, deadlineMs: 120_000 });
  run.child.kill("SIGUSR2");
  expect(await run.code, run.output()).toBe(1);
  expect(run.output()).toContain("nobody has foreseen this");
  await eventually(async () => (await processesIn(temporary.path)).length === 0, {
    what: "the end of everything that ran",
  });
  expect(await readdir(temporary.path)).toEqual([]);
}

const noDisk = smallDiskUnavailable();
const noRsync = namespacesUnavailable() ?? rsyncUnavailable();

describe("the runner, where it fails itself", () => {
  it.skipIf(noDisk !== undefined)(
    `removes what is mounted in its folder${noDisk === undefined ? "" : ` (skipped: ${noDisk})`}`,
    async () => {
      const place = `${await realpath(temporary.path)}/`;
      await failDuring("S50", "a small disk", async () =>
        mountPoints().some((point) => point.startsWith(place)),
      );
    },
  );

  it.skipIf(noRsync !== undefined)(
    `ends what is no peer${noRsync === undefined ? "" : ` (skipped: ${noRsync})`}`,
    async () => {
      await failDuring("S58", "rsync's daemon", async () =>
        (await processesIn(temporary.path)).some(({ name }) => name === "rsync"),
      );
    },
  );
});
