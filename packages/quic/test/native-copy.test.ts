import { execFile } from "node:child_process";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { closeSync, fstatSync, openSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { Worker } from "node:worker_threads";
import { smallDisk, smallDiskUnavailable, temporaryDirectory } from "@lanspread/testkit";
import { describe, expect, test } from "vitest";
import { ownPathOf } from "../src/native-copy.ts";
import { testParty } from "./support/pair.ts";
import type { StormReport } from "./support/thread-storm.ts";

const run = promisify(execFile);
const THREAD = new URL("./support/endpoint-thread.ts", import.meta.url);

/** Runs a file of the support in a process of its own, whose place for temporary files is given. */
async function inProcess(file: string, temporary: string): Promise<string> {
  const path = fileURLToPath(new URL(`./support/${file}`, import.meta.url));
  const { stdout } = await run(process.execPath, ["--conditions=source", path], {
    env: { ...process.env, TMPDIR: temporary },
  });
  return stdout;
}

test("threads use endpoints at once, come and go, and the process lives; no copy is left behind", async () => {
  await using place = await temporaryDirectory();
  const report = JSON.parse(await inProcess("thread-storm.ts", place.path)) as StormReport;
  expect(report).toEqual({ echoes: 150, left: [] });
});

test.skipIf(process.platform !== "linux").each(["open", "load"])(
  `a process that is killed at %s leaves no copy behind${process.platform === "linux" ? "" : " (skipped: files have names here until they are loaded)"}`,
  async (moment) => {
    await using place = await temporaryDirectory();
    await expect(inProcess(`killed-at-${moment}.ts`, place.path)).rejects.toMatchObject({
      signal: "SIGKILL",
    });
    expect(readdirSync(place.path)).toEqual([]);
  },
);

test.skipIf(process.platform !== "linux")(
  `however many threads there were, each has a path of its own for its copy, which the system takes${process.platform === "linux" ? "" : " (skipped: there are other paths here)"}`,
  () => {
    const file = openSync(process.execPath, "r");
    try {
      const paths = [0, 1, 2, 3, 4, 5, 4_095, 4_096, 5_000, 2 ** 32].map((thread) => ownPathOf(file, thread));
      expect(new Set(paths).size).toBe(paths.length);
      for (const path of paths) expect(statSync(path).ino).toBe(fstatSync(file).ino);
    } finally {
      closeSync(file);
    }
  },
);

test("a thread that is ended from outside leaves its port", async () => {
  const worker = new Worker(THREAD, { workerData: await (await testParty()).member() });
  const [{ port }] = await once(worker, "message");
  await worker.terminate();
  const socket = createSocket("udp4");
  socket.bind(port, "127.0.0.1");
  await once(socket, "listening");
  expect(socket.address().port).toBe(port);
  socket.close();
});

/** What a thread says that cannot have an endpoint while its place for temporary files is `temporary`. */
async function failureIn(temporary: string): Promise<Error> {
  const tls = await (await testParty()).member();
  const worker = new Worker(THREAD, { workerData: tls, env: { ...process.env, TMPDIR: temporary } });
  const [error] = (await once(worker, "error")) as [Error];
  return error;
}

const noDisk = smallDiskUnavailable();

test("says where no copy can be made", async () => {
  await using place = await temporaryDirectory();
  writeFileSync(place.join("file"), "");
  expect((await failureIn(place.join("file"))).message).toMatch(
    new RegExp(`^a thread cannot use QUIC: .*${place.join("file")}.*ENOTDIR.*TMPDIR`, "u"),
  );
});

describe.skipIf(noDisk !== undefined)(
  `on a disk of its own${noDisk === undefined ? "" : ` (skipped: ${noDisk})`}`,
  () => {
    test("says that there is no room for a copy, and leaves none", async () => {
      await using disk = await smallDisk(256 * 1024);
      expect((await failureIn(disk.path)).message).toMatch(/cannot use QUIC: .*ENOSPC/u);
      expect(readdirSync(disk.path)).toEqual([]);
    });

    test("says that the copy cannot be run there, and leaves none", async () => {
      await using disk = await smallDisk(64 * 1024 * 1024);
      await run("mount", ["-o", "remount,noexec", disk.path]);
      expect((await failureIn(disk.path)).message).toMatch(/cannot use QUIC: .*failed to map.*run from/u);
      expect(readdirSync(disk.path)).toEqual([]);
    });
  },
);
