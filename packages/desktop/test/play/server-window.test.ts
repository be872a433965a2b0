import { chmod, mkdir, readFile, writeFile } from "node:fs/promises";
import { delimiter } from "node:path";
import { eventually, type TemporaryDirectory, temporaryDirectory } from "@lanspread/testkit";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { runScript } from "../../shell/play/run-script.ts";

const ELSEWHERE = process.platform === "linux" ? "" : " (skipped: windows are opened in another way here)";

let dir: TemporaryDirectory;
const { PATH, SHELL } = process.env;

async function program(name: string, does: string): Promise<string> {
  const path = dir.join("bin", name);
  await writeFile(path, `#!/bin/sh\n${does}\n`);
  await chmod(path, 0o755);
  return path;
}

beforeEach(async () => {
  dir = await temporaryDirectory();
  await mkdir(dir.join("bin"));
});

afterEach(async () => {
  process.env["PATH"] = PATH;
  if (SHELL === undefined) delete process.env["SHELL"];
  else process.env["SHELL"] = SHELL;
  await dir[Symbol.asyncDispose]();
});

describe.skipIf(ELSEWHERE !== "")(`the window of a server${ELSEWHERE}`, () => {
  it("runs it with its arguments as they are, and stays open behind it", async () => {
    await program("x-terminal-emulator", `[ "$1" = -e ] || exit 1; shift; exec "$@"`);
    process.env["PATH"] = `${dir.join("bin")}${delimiter}${PATH}`;
    process.env["SHELL"] = await program("my shell", `echo "the user's" > "${dir.join("behind")}"`);
    await mkdir(dir.join("game"));
    const script = dir.join("game", "server_start.sh");
    await writeFile(script, `printf '%s|' "$PWD" "$@" > "${dir.join("told")}"; exit 3\n`);
    const args = ["/a b/local", "quake", "$(touch hacked)", "`id`; x"];
    await runScript({ script, args, staysOpen: true });
    await eventually(async () => (await readFile(dir.join("behind"), "utf8")) === "the user's\n", {
      what: "the user's shell behind the server",
      deadlineMs: 60_000,
    });
    const told = await readFile(dir.join("told"), "utf8");
    expect(told.split("|")).toEqual([dir.join("game"), ...args, ""]);
  });
});
