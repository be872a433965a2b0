import { access } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { openProgram } from "../../../src/install/external/open-program.ts";
import type { Program, ProgramKind } from "../../../src/install/external/programs.ts";

/** Names under which distributions have the programs. */
const NAMES: Readonly<Record<ProgramKind, readonly string[]>> = {
  unrar: ["unrar-nonfree", "unrar"],
  "7-zip": ["7z", "7zz"],
};

/** A program of this machine that tests run with, or why there is none. */
export type RealProgram =
  | { readonly program: Program; readonly unavailable?: undefined }
  | { readonly program?: undefined; readonly unavailable: string };

/** The first usable program of a kind on the PATH. */
export async function findRealProgram(kind: ProgramKind): Promise<RealProgram> {
  for (const name of NAMES[kind]) {
    for (const path of await pathsOf(name)) {
      // Other programs go by the same names.
      const program = await openProgram(path).catch(() => undefined);
      if (program?.kind === kind) return { program };
    }
  }
  return { unavailable: `no ${NAMES[kind].join(" or ")} that knows RAR 5 is on the PATH` };
}

/** Where the PATH has a program of this name. */
export async function pathsOf(name: string): Promise<readonly string[]> {
  const candidates = (process.env["PATH"] ?? "").split(delimiter).map((directory) => join(directory, name));
  const there = await Promise.all(
    candidates.map((path) =>
      access(path).then(
        () => true,
        () => false,
      ),
    ),
  );
  return candidates.filter((_, at) => there[at]);
}
