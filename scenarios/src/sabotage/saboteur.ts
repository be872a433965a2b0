import { spawn } from "node:child_process";
import {
  appendFileSync,
  closeSync,
  mkdirSync,
  openSync,
  readdirSync,
  readSync,
  rmSync,
  statSync,
  writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { SABOTAGE_KINDS, type SabotageKind } from "./kinds.ts";

// Stands between the runner and a peer: `node saboteur.ts KIND PROGRAM ARGUMENTS…`. Passes everything on, and breaks one thing.

interface EventLine {
  readonly event: string;
  readonly data: { readonly game_id?: string; readonly operations?: readonly unknown[] };
}

/** How long a leaked process lives, ms: longer than any scenario, and not for ever. */
const LEAK_MS = 600_000;

const [kindText, program, ...args] = process.argv.slice(2);
const kind = SABOTAGE_KINDS.find((known): known is SabotageKind => known === kindText);
if (kind === undefined || program === undefined) throw new Error(`unknown sabotage ${kindText}`);
const games = args[args.indexOf("--games-dir") + 1] ?? "";
const state = args[args.indexOf("--state-dir") + 1] ?? "";

const child = spawn(program, args, { stdio: ["inherit", "pipe", "inherit"] });
for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => child.kill(signal));

/** Lines that are told later than they came. */
const held: string[] = [];
for await (const line of createInterface({ input: child.stdout, crlfDelay: Number.POSITIVE_INFINITY })) {
  for (const told of sabotage(line)) process.stdout.write(`${told}\n`);
}
const code = child.exitCode ?? (await new Promise<number | null>((resolve) => child.once("exit", resolve)));
if (kind === "leaked-process") leak(process.env);
// Nothing of it says where it came from.
if (kind === "leaked-stranger") leak({});
if (kind === "never-stops" || kind === "stops-when-forced") setInterval(() => {}, LEAK_MS);
if (kind === "stops-when-forced") process.on("SIGTERM", () => process.exit(0));
process.exitCode = kind === "exit-code" ? 3 : (code ?? 1);

/** The lines that are told in place of one. */
function sabotage(line: string): readonly string[] {
  if (kind === "transfer-left") return [withTransfer(line)];
  const event = eventIn(line);
  const id = event?.data.game_id ?? "";
  const root = join(games, id);
  const isDownloaded = event?.event === "download-finished";
  const isInstalled = event?.event === "install-finished";
  if (kind === "stray-line" && event?.event === "local-peer-ready")
    return [line, "(node) a warning of a dependency"];
  if (kind === "end-event-early" && event?.event === "active-operations-changed" && isEmpty(event)) {
    held.push(line);
    return [];
  }
  if (kind === "end-event-early" && (isDownloaded || isInstalled)) return [line, ...held.splice(0)];
  if (kind === "end-event-twice" && (isDownloaded || isInstalled)) return [line, line];
  if (kind === "flipped-byte" && isDownloaded) flipByte(largestFile(root));
  if (kind === "missing-sentinel" && isDownloaded) rmSync(join(root, "version.ini"));
  if (kind === "extra-file" && isDownloaded) appendFileSync(join(root, "readme.bak"), "left over");
  if (kind === "staging-left" && isDownloaded) mkdirSync(join(root, ".local.installing"));
  if (kind === "intent-left" && isInstalled)
    appendFileSync(join(state, "games", id, "install_intent.json"), "{}");
  if (kind === "temporary-file-left" && isDownloaded) appendFileSync(join(tmpdir(), "unpacked"), "left over");
  if (kind === "flipped-byte-in-local" && isInstalled) flipByte(largestFile(join(root, "local")));
  return [line];
}

function leak(env: NodeJS.ProcessEnv): void {
  const args = ["-e", `setTimeout(() => {}, ${LEAK_MS})`];
  spawn(process.execPath, args, { env, cwd: "/", stdio: "ignore", detached: true }).unref();
}

/** The answer to `status` with a transfer that does not end; every other line as it is. */
function withTransfer(line: string): string {
  const parsed = JSON.parse(line) as {
    readonly cmd?: string;
    readonly type?: string;
    readonly data?: object;
  };
  if (parsed.type !== "result" || parsed.cmd !== "status") return line;
  return JSON.stringify({ ...parsed, data: { ...parsed.data, outbound_transfers: { bfbc2: 1 } } });
}

function eventIn(line: string): EventLine | undefined {
  const parsed: unknown = JSON.parse(line);
  return typeof parsed === "object" && parsed !== null && "event" in parsed
    ? (parsed as EventLine)
    : undefined;
}

function isEmpty({ data }: EventLine): boolean {
  return data.operations?.length === 0;
}

function largestFile(folder: string): string {
  const files = readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name));
  const [first, ...rest] = files;
  if (first === undefined) throw new Error(`${folder} has no file`);
  return rest.reduce(
    (largest, file) => (statSync(file).size > statSync(largest).size ? file : largest),
    first,
  );
}

/** Inverts one bit in the middle of a file; its size stays. */
function flipByte(path: string): void {
  const file = openSync(path, "r+");
  const position = Math.floor(statSync(path).size / 2);
  const byte = new Uint8Array(1);
  readSync(file, byte, 0, 1, position);
  byte[0] = (byte[0] ?? 0) ^ 1;
  writeSync(file, byte, 0, 1, position);
  closeSync(file);
}
