import { chmod, mkdir, readFile, writeFile } from "node:fs/promises";
import type { Party } from "./party.ts";

interface FakePrograms extends AsyncDisposable {
  /** What a program was called with last, each argument with a line behind it. */
  told(program: string): Promise<string>;
}

/** File manager and terminal are scripts that write down what they are told; there are no others. */
export async function fakePrograms({ dir }: Party): Promise<FakePrograms> {
  const path = process.env["PATH"];
  await mkdir(dir.join("bin"));
  for (const program of ["xdg-open", "x-terminal-emulator"]) {
    const file = dir.join("bin", program);
    await writeFile(file, `#!/bin/sh\nprintf '%s\\n' "$@" > "$0.part"; /bin/mv "$0.part" "$0.told"\n`);
    await chmod(file, 0o755);
  }
  process.env["PATH"] = dir.join("bin");
  return {
    told: (program) => readFile(dir.join("bin", `${program}.told`), "utf8").catch(() => ""),
    [Symbol.asyncDispose]: async () => {
      process.env["PATH"] = path;
    },
  };
}
