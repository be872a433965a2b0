import { execFileSync, spawnSync } from "node:child_process";
import { mkdir, readdir } from "node:fs/promises";
import { smallDiskUnavailable, temporaryDirectory } from "@lanspread/testkit";
import { expect, it } from "vitest";
import { runOfFolder } from "../../src/hosts/run-id.ts";
import { startProgram } from "../support/program-run.ts";

/** Enough for the folders of the first scenario, and not for those of the second. */
const FILES = 7;

const reason = smallDiskUnavailable();

it.skipIf(reason !== undefined)(
  `fails those scenarios that a full disk keeps from being set up, says so of each, and leaves nothing${
    reason === undefined ? "" : ` (skipped: ${reason})`
  }`,
  async () => {
    await using temporary = await temporaryDirectory("lsr-");
    const place = temporary.join("full");
    await mkdir(place);
    // Room for bytes, which the runner looks at before it begins, and for few files.
    execFileSync("mount", ["-t", "tmpfs", "-o", `size=9g,nr_inodes=${FILES}`, "lanspread-test", place]);
    try {
      const run = startProgram("runner", place, "S9", "S40", "--loopback");
      expect(await run.code, run.output()).toBe(1);
      expect(run.output()).toContain("2 scenarios: 2 failed");
      expect(run.output()).toContain("ENOSPC");
      // Logs of a failure are somebody else's to remove.
      expect((await readdir(place)).filter((name) => runOfFolder(name) !== undefined)).toEqual([]);
    } finally {
      spawnSync("umount", ["--lazy", place], { stdio: "ignore" });
    }
  },
);
