import { access } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { openProgram } from "../../../src/install/external/open-program.ts";
import type { Program, ProgramKind } from "../../../src/install/external/programs.ts";

/** Names under which distributions have the programs. */
const NAMES: Readonly<Record<ProgramKind, readonly string[]>> = {
  unrar: ["unrar-nonfree", "unrar"],
  "7-zip": ["7z", "7zz"],
};

/** A kind of program, and the one of this machine that tests run with. */
export interface RealProgram {
  readonly kind: ProgramKind;
  readonly program: Program | undefined;
  /** For the title of what runs with it: its name, or why there is none. */
  readonly title: string;
}

/** The first usable program of each kind on the PATH. */
export async function findRealPrograms(): Promise<readonly RealProgram[]> {
  const kinds: readonly ProgramKind[] = ["unrar", "7-zip"];
  return await Promise.all(
    kinds.map(async (kind) => {
      const program = await find(NAMES[kind]);
      const title =
        program?.title ?? `${kind} (skipped: no ${NAMES[kind].join(" or ")} with RAR 5 on the PATH)`;
      return { kind, program, title };
    }),
  );
}

async function find(names: readonly string[]): Promise<Program | undefined> {
  for (const name of names) {
    for (const path of await pathsOf(name)) {
      // Other programs go by the same names.
      const program = await openProgram(path).catch(() => undefined);
      if (program !== undefined) return program;
    }
  }
  return undefined;
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
