import { type ChildProcess, execFileSync, spawn, spawnSync } from "node:child_process";
import { mkdir, mkdtemp, readdir, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { namespacesUnavailable, smallDiskUnavailable, temporaryDirectory } from "@lanspread/testkit";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { processesOf, removeLeftovers } from "../../src/hosts/leftovers.ts";
import {
  makeRunId,
  RUN_ID_VARIABLE,
  runnerOf,
  runOfEnvironment,
  runOfFolder,
} from "../../src/hosts/run-id.ts";
import { oneAtATime } from "../support/one-at-a-time.ts";

describe("the name of a run", () => {
  const run = makeRunId(4711, "beef01");

  it("is found again in a folder and in an environment", () => {
    expect(runnerOf(run)).toBe(4711);
    expect(runOfFolder(`lanspread-${run}-Ab3xYz`)).toBe(run);
    expect(runOfEnvironment(`HOME=/root\0${RUN_ID_VARIABLE}=${run}\0TERM=x\0`)).toBe(run);
  });

  it.each([
    "lanspread-demo-Ab3xYz",
    `${run}-Ab3xYz`,
    `lanspread-${run}`,
    `lanspread-${run}-Ab3xYz.old`,
    "lsscn",
  ])("is not found in the folder %s", (name) => {
    expect(runOfFolder(name)).toBeUndefined();
  });

  it.each([
    "HOME=/root\0",
    `X${RUN_ID_VARIABLE}=${run}\0`,
    `${RUN_ID_VARIABLE}=\0`,
    `${RUN_ID_VARIABLE}=lsscn12\0`,
    `NOTE=${RUN_ID_VARIABLE}=${run}\0`,
  ])("is not found in the environment %j", (environment) => {
    expect(runOfEnvironment(environment)).toBeUndefined();
  });
});

describe.skipIf(process.platform !== "linux")("what a killed run leaves (needs /proc)", () => {
  oneAtATime();

  it("is ended and removed; what belongs to a living one, or to nobody, stays", async () => {
    const gone = spawn(process.execPath, ["-e", ""]);
    await exitOf(gone);
    const dead = makeRunId(gone.pid ?? 0, "dead01");
    const living = makeRunId(process.pid, "face01");
    const orphan = startIdler({ [RUN_ID_VARIABLE]: dead });
    const owned = startIdler({ [RUN_ID_VARIABLE]: living });
    const stranger = startIdler({});
    const folder = await mkdtemp(join(tmpdir(), `lanspread-${dead}-`));
    await mkdir(join(folder, "peers", "S1"), { recursive: true });
    await expect.poll(() => processesOf(living)).toEqual([owned.pid]);
    await expect.poll(() => processesOf(dead)).toEqual([orphan.pid]);

    const found = await removeLeftovers();
    expect(found.processes).toContain(orphan.pid);
    expect(found.folders).toContain(folder);
    expect(await exitOf(orphan)).toBe("SIGKILL");
    expect(await readdir(tmpdir())).not.toContain(basename(folder));
    expect(processesOf(dead)).toEqual([]);
    expect(processesOf(living)).toEqual([owned.pid]);
    expect(stranger.exitCode ?? stranger.signalCode).toBeNull();
  });
});

const noNamespaces = namespacesUnavailable();

describe.skipIf(noNamespaces !== undefined)(
  `namespaces of a killed run${noNamespaces === undefined ? "" : ` (skipped: ${noNamespaces})`}`,
  () => {
    oneAtATime();

    it("go, also where none are made afterwards", async () => {
      const gone = spawn(process.execPath, ["-e", ""]);
      await exitOf(gone);
      const name = `lsp${gone.pid}-0`;
      execFileSync("ip", ["netns", "add", name]);
      onTestFinished(() => void spawnSync("ip", ["netns", "delete", name], { stdio: "ignore" }));
      await removeLeftovers();
      expect(await readdir("/run/netns")).not.toContain(name);
    });
  },
);

const noDisk = smallDiskUnavailable();

describe.skipIf(noDisk !== undefined)(
  `small disks in a killed run's folder${noDisk === undefined ? "" : ` (skipped: ${noDisk})`}`,
  () => {
    oneAtATime();

    it("go with it, also where the place for temporary files has a space in its name, or is a link", async () => {
      await using elsewhere = await temporaryDirectory();
      await mkdir(elsewhere.join("a place"));
      await symlink(elsewhere.join("a place"), elsewhere.join("link"));
      vi.stubEnv("TMPDIR", elsewhere.join("link"));
      onTestFinished(() => void vi.unstubAllEnvs());
      const left = elsewhere.join("a place", await folderOfTheDead());
      using disk = await makeMount(join(left, "peers", "S50", "disk"));
      await writeFile(join(disk.path, "ballast.bin"), "full");

      expect(await removeLeftovers()).toMatchObject({ stuck: [] });
      expect(await readdir(elsewhere.join("a place"))).toEqual([]);
    });

    it("that stay say so, and keep nothing else from being removed", async () => {
      await using place = await temporaryDirectory();
      vi.stubEnv("TMPDIR", place.path);
      onTestFinished(() => void vi.unstubAllEnvs());
      // Somebody's disk at the folder itself: not below it, so none that a scenario has mounted.
      using stuck = await makeMount(place.join(await folderOfTheDead()));
      const other = place.join(await folderOfTheDead());
      await mkdir(other);

      const found = await removeLeftovers();
      expect(found.folders).toEqual([other]);
      expect(found.stuck).toEqual([expect.stringContaining(stuck.path)]);
      expect(await readdir(place.path)).toEqual([basename(stuck.path)]);
    });
  },
);

/** What the workspace of a run is called whose runner is gone. */
async function folderOfTheDead(): Promise<string> {
  const gone = spawn(process.execPath, ["-e", ""]);
  await exitOf(gone);
  return `lanspread-${makeRunId(gone.pid ?? 0, "dead02")}-Ab3xYz`;
}

async function makeMount(path: string): Promise<Disposable & { readonly path: string }> {
  await mkdir(path, { recursive: true });
  execFileSync("mount", ["-t", "tmpfs", "-o", "size=64k", "lanspread-test", path]);
  // It may be gone already: that is what is tested.
  return { path, [Symbol.dispose]: () => void spawnSync("umount", ["--lazy", path], { stdio: "ignore" }) };
}

function startIdler(env: Readonly<Record<string, string>>): ChildProcess {
  const child = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"], {
    env: { ...process.env, ...env },
    stdio: "ignore",
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  return child;
}

function exitOf(child: ChildProcess): Promise<NodeJS.Signals | number | null> {
  if (child.exitCode !== null || child.signalCode !== null)
    return Promise.resolve(child.signalCode ?? child.exitCode);
  return new Promise((resolve) => child.once("exit", (code, signal) => resolve(signal ?? code)));
}
