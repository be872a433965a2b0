import { execFile, spawn, spawnSync } from "node:child_process";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { eventually } from "@lanspread/testkit";
import type { Host } from "./host.ts";

const run = promisify(execFile);

/** What rsync is asked at by default. */
const PORT = 873;

/** Why there is no rsync to measure against; undefined where there is. */
export function rsyncUnavailable(): string | undefined {
  return spawnSync("rsync", ["--version"], { stdio: "ignore" }).status === 0 ? undefined : "not installed";
}

export interface RsyncOptions {
  /** Whose daemon has the files, and who fetches them. */
  readonly from: Host;
  readonly to: Host;
  /** The folder that is copied, and a new one for the copy and rsync's own files. */
  readonly source: string;
  readonly work: string;
  /** Of every process. */
  readonly env: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
}

/** Copies a folder from one host to the other by an rsync daemon, without encryption; resolves with the time it took, ms. */
export async function timeOfRsync({ from, to, source, work, env, signal }: RsyncOptions): Promise<number> {
  await mkdir(work);
  const config = join(work, "rsyncd.conf");
  const lines = [
    "use chroot = no",
    "uid = 0",
    "gid = 0",
    "[games]",
    `path = ${source}`,
    "read only = yes",
    "",
  ];
  await writeFile(config, lines.join("\n"));
  const [program, ...args] = from.command(
    "rsync",
    "--daemon",
    "--no-detach",
    `--config=${config}`,
    `--port=${PORT}`,
  );
  const daemon = spawn(program, args, { env: { ...process.env, ...env }, stdio: "ignore", signal });
  const ended = new Promise<void>((resolve) => {
    daemon.once("close", () => resolve());
    daemon.once("error", () => resolve());
  });
  try {
    const url = `rsync://${from.address}:${PORT}/games/`;
    const ask = (...what: string[]) => {
      const [client, ...rest] = to.command("rsync", ...what);
      return run(client, rest, { env: { ...process.env, ...env }, signal });
    };
    await eventually(() => ask("--contimeout=2", url), { what: "the daemon's answer", deadlineMs: 20_000 });
    const startedAt = performance.now();
    await ask("-a", "--whole-file", url, join(work, "copy"));
    return performance.now() - startedAt;
  } finally {
    daemon.kill("SIGTERM");
    await ended;
  }
}
