import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdir, stat, writeFile } from "node:fs/promises";
import { connect, createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { beside } from "../beside.ts";
import { Child } from "../child.ts";
import { endedChildrenCpuSeconds } from "../cpu.ts";
import { LISTEN_DEADLINE_MS, LISTEN_RETRY_MS } from "./constants.ts";
import type { Copies } from "./copies.ts";
import { ONLY_FILE } from "./games.ts";
import type { FileServerSettings, Listening } from "./messages.ts";
import { type Series, series, type Transfer } from "./transfer.ts";

const HOST = "127.0.0.1";
const FILE_SERVER = beside(import.meta.url, "./hosts/file-server");
const GIB = 1024 ** 3;

export interface OthersOptions {
  /** A directory of their own. */
  readonly directory: string;
  /** The game of one file that they fetch. */
  readonly game: string;
  readonly copies: Copies;
  readonly signal: AbortSignal;
}

/** Programs that others move files with, for scale: those that are there, and notes on those that are not. */
export function otherPrograms(options: OthersOptions): {
  readonly all: readonly Series[];
  readonly notes: readonly string[];
} {
  const programs = [
    { name: "rsync", series: series("rsync, from its daemon", () => rsync(options)) },
    { name: "aria2c", series: series("aria2, over plain HTTP, 4 connections", () => aria2(options)) },
  ];
  const there = programs.filter(({ name }) => spawnSync(name, ["--version"]).status === 0);
  return {
    all: there.map((program) => program.series),
    notes: programs
      .filter((program) => !there.includes(program))
      .map(({ name }) => `${name} is not installed: its row is missing.`),
  };
}

async function rsync({ directory, game, copies, signal }: OthersOptions): Promise<Transfer> {
  await mkdir(directory, { recursive: true });
  const config = join(directory, "rsyncd.conf");
  const port = await freePort();
  // Started by root it would become somebody who may not enter the directory; who is not root may not say whom.
  const whom = process.getuid?.() === 0 ? "uid = 0\ngid = 0\n" : "";
  await writeFile(config, `use chroot = no\n${whom}[game]\npath = ${game}\n`);
  const daemonArgs = ["--daemon", "--no-detach", `--config=${config}`, `--address=${HOST}`, `--port=${port}`];
  const daemon = spawn("rsync", daemonArgs, { stdio: ["ignore", "ignore", "inherit"], signal });
  const daemonEnded = ended(daemon);
  const usedBefore = endedChildrenCpuSeconds();
  let transfer: Transfer;
  try {
    await listening(port, signal);
    const target = join(directory, "copy");
    await copies.makeRoomFor(target);
    const source = `rsync://${HOST}:${port}/game/${ONLY_FILE}`;
    transfer = await timed(join(target, ONLY_FILE), async () => {
      await mkdir(target);
      await runToEnd("rsync", ["--inplace", source, `${target}/`], signal);
    });
  } finally {
    daemon.kill();
    await daemonEnded;
  }
  const { size } = await stat(join(game, ONLY_FILE));
  const both = cpuPerGib(usedBefore, size);
  const { receiverCpu } = transfer;
  return { ...transfer, sourceCpu: both === null || receiverCpu === null ? null : both - receiverCpu };
}

async function aria2({ directory, game, copies, signal }: OthersOptions): Promise<Transfer> {
  await mkdir(directory, { recursive: true });
  const settings: FileServerSettings = { host: HOST, file: join(game, ONLY_FILE) };
  await using server = new Child({ module: FILE_SERVER, settings, signal });
  const { addr } = (await server.says()) as Listening;
  const target = join(directory, "copy");
  await copies.makeRoomFor(target);
  const args = [
    ...["--quiet", "--no-conf", "--file-allocation=none", "--max-connection-per-server=4", "--split=4"],
    ...[`--dir=${target}`, `--out=${ONLY_FILE}`, `http://${addr}/${ONLY_FILE}`],
  ];
  return await timed(join(target, ONLY_FILE), () => runToEnd("aria2c", args, signal));
}

/** What writing `file` takes: this process's time, and the processor time of the program that was waited for. */
async function timed(file: string, run: () => Promise<void>): Promise<Transfer> {
  const [startMs, startCpu] = [performance.now(), endedChildrenCpuSeconds()];
  await run();
  const seconds = (performance.now() - startMs) / 1_000;
  const { size } = await stat(file);
  const mbPerS = size / 1e6 / seconds;
  return { mbPerS, steadyMbPerS: null, sourceCpu: null, receiverCpu: cpuPerGib(startCpu, size) };
}

/** What children that have ended since then have used for so many bytes; null where nobody counts it. */
function cpuPerGib(usedBefore: number | null, bytes: number): number | null {
  const used = endedChildrenCpuSeconds();
  return used === null || usedBefore === null ? null : (used - usedBefore) * (GIB / bytes);
}

async function runToEnd(program: string, args: readonly string[], signal: AbortSignal): Promise<void> {
  const status = await ended(spawn(program, args, { stdio: ["ignore", "ignore", "inherit"], signal }));
  signal.throwIfAborted();
  if (status !== 0) throw new Error(`${program} ${args.join(" ")} ended with ${status}`);
}

/** Resolves with the exit code, or with why there is none. */
function ended(child: ChildProcess): Promise<number | string> {
  return new Promise((resolve) => {
    child.once("close", (code, signal) => resolve(code ?? signal ?? "nothing"));
    child.once("error", (error) => resolve(error.message));
  });
}

async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, HOST);
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  if (address === null || typeof address === "string") throw new Error("a listener has no port");
  return address.port;
}

async function listening(port: number, signal: AbortSignal): Promise<void> {
  const endMs = performance.now() + LISTEN_DEADLINE_MS;
  for (;;) {
    const socket = connect(port, HOST);
    try {
      await once(socket, "connect", { signal });
      return;
    } catch (error) {
      signal.throwIfAborted();
      if (performance.now() > endMs) throw error;
      await delay(LISTEN_RETRY_MS, undefined, { signal });
    } finally {
      socket.destroy();
    }
  }
}
