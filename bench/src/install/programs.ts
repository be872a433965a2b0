import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, readFile } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { createExternalUnpacker } from "@lanspread/peer";
import { makeProbe } from "./archives.ts";

/** A program of the machine that unpacks RAR archives. */
export interface Program {
  readonly name: string;
  /** Absolute path. */
  readonly path: string;
  /** Its version, as it says it itself. */
  readonly label: string;
  /** Whether lanspread can unpack with it. */
  readonly usable: boolean;
  readonly args: (archive: string, into: string) => readonly string[];
}

const SEVEN_ZIP = (archive: string, into: string) => ["x", "-y", "-bd", "-bso0", `-o${into}`, archive];

const UNRAR = (archive: string, into: string) => ["x", "-idq", "-p-", archive, `${into}/`];

const KNOWN: readonly Pick<Program, "name" | "args">[] = [
  // Debian has RARLAB's program under this name, and `unrar` for whichever of two was chosen.
  { name: "unrar-nonfree", args: UNRAR },
  { name: "unrar", args: UNRAR },
  { name: "7zz", args: SEVEN_ZIP },
  { name: "7z", args: SEVEN_ZIP },
  // It unpacks to where it runs.
  { name: "unrar-free", args: (archive) => ["-x", archive] },
  { name: "bsdtar", args: (archive, into) => ["-xf", archive, "-C", into] },
];

/** An `unrar` may be another name of `unrar-free`. */
const RARLAB = /Alexander Roshal/u;

/** The programs that are there and read such archives, and why the others are not used. */
export async function findPrograms(
  directory: string,
  signal: AbortSignal,
): Promise<{ readonly programs: readonly Program[]; readonly notes: readonly string[] }> {
  const archive = join(directory, "probe.eti");
  const contents = await makeProbe(archive);
  const programs: Program[] = [];
  const notes: string[] = [];
  for (const { name, args } of KNOWN) {
    const path = findInPath(name);
    const banner = path === undefined ? "" : bannerOf(path);
    if (path === undefined || (args === UNRAR && !RARLAB.test(banner))) {
      if (args !== UNRAR) notes.push(`${name} is not installed.`);
      continue;
    }
    if (args === UNRAR && programs.some((program) => program.args === UNRAR)) continue;
    const into = join(directory, `probe-${name}`);
    await mkdir(into);
    const status = await runProgram({ name, path, args }, archive, into, signal).catch(String);
    const problem = status === undefined ? await difference(into, contents) : status;
    if (problem !== undefined) {
      notes.push(`${name} (${path}) does not read RAR archives here: ${problem}.`);
      continue;
    }
    const usable = await createExternalUnpacker(path).then(
      () => true,
      () => false,
    );
    programs.push({ name, path, label: versionOf(banner) ?? name, usable, args });
  }
  if (!programs.some(({ args }) => args === UNRAR)) notes.push("unrar of RARLAB is not there, or of no use.");
  return { programs, notes };
}

/** Unpacks into an empty directory. Rejects where the program says that it failed. */
export async function runProgram(
  { path, args }: Pick<Program, "name" | "path" | "args">,
  archive: string,
  into: string,
  signal: AbortSignal,
): Promise<undefined> {
  const child = spawn(path, args(archive, into), { cwd: into, stdio: "ignore", signal });
  const status = await ended(child);
  signal.throwIfAborted();
  if (status !== 0) throw new Error(`it ended with ${status}`);
}

/** Resolves with the exit code, or with why there is none. */
function ended(child: ChildProcess): Promise<number | string> {
  return new Promise((resolve) => {
    child.once("close", (code, signal) => resolve(code ?? signal ?? "nothing"));
    child.once("error", (error) => resolve(error.message));
  });
}

async function difference(
  directory: string,
  contents: ReadonlyMap<string, Uint8Array>,
): Promise<string | undefined> {
  for (const [name, content] of contents) {
    const found = await readFile(join(directory, name)).catch(() => null);
    if (found === null || !found.equals(content)) return `of the ${name} entry it made something else`;
  }
  return undefined;
}

function findInPath(name: string): string | undefined {
  const directories = (process.env["PATH"] ?? "").split(delimiter).filter((directory) => directory !== "");
  return directories.map((directory) => join(directory, name)).find((path) => existsSync(path));
}

/** What it says of itself without arguments, or asked for its version. */
function bannerOf(path: string): string {
  return [[], ["--version"]]
    .map((args) => spawnSync(path, args, { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] }))
    .map(({ stdout, stderr }) => `${stdout}${stderr}`)
    .join("\n");
}

function versionOf(banner: string): string | undefined {
  const line = banner.split("\n").find((text) => /\d\.\d/u.test(text));
  return line === undefined ? undefined : (/^.*?\d+(?:\.\d+)+/u.exec(line)?.[0] ?? line).trim();
}
