import { spawnSync } from "node:child_process";
import { chmod, mkdir, symlink, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { type TemporaryDirectory, temporaryDirectory } from "@lanspread/testkit";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { PLATFORMS } from "../src/platforms.ts";
import { startersOf } from "../src/starters.ts";

/** In the place of Node.js: says how it was started. */
const TELLS = `#!/bin/sh
for argument; do echo "<$argument>"; done
echo "NODE_OPTIONS=$NODE_OPTIONS"
`;

let place: TemporaryDirectory;
/** A folder with a name that scripts stumble over. */
let home: string;

beforeEach(async () => {
  place = await temporaryDirectory();
  home = place.join(`LAN party's "games" $HOME`);
  for (const { path, isExecutable, content } of startersOf(platformOf("linux-x64"))) {
    await mkdir(home, { recursive: true });
    await writeFile(`${home}/${path}`, "text" in content ? content.text : "");
    if (isExecutable) await chmod(`${home}/${path}`, 0o755);
  }
  await mkdir(`${home}/node/bin`, { recursive: true });
  await writeFile(`${home}/node/bin/node`, TELLS, { mode: 0o755 });
});

afterEach(async () => {
  await place[Symbol.asyncDispose]();
});

function platformOf(name: string): (typeof PLATFORMS)[number] {
  const found = PLATFORMS.find((known) => known.name === name);
  if (found === undefined) throw new Error(name);
  return found;
}

function textOf(name: string, file: string): string {
  const content = startersOf(platformOf(name)).find(({ path }) => path === file)?.content;
  return content !== undefined && "text" in content ? content.text : "";
}

/** Starts a program as people do, with settings that are meant for another Node.js. */
function start(program: string, args: readonly string[] = [], cwd: string = home): readonly string[] {
  const env = {
    PATH: `${home}:${process.env["PATH"]}`,
    CDPATH: dirname(home),
    NODE_OPTIONS: "--require nothing",
  };
  const { stdout, stderr } = spawnSync(program, args, { cwd, env, encoding: "utf8" });
  return [...stdout.trimEnd().split("\n"), ...(stderr === "" ? [] : [stderr])];
}

const started = (...args: string[]): readonly string[] => [
  `<${home}/app/node_modules/lanspread/bin/lanspread.mjs>`,
  ...args.map((argument) => `<${argument}>`),
  "NODE_OPTIONS=",
];

describe.skipIf(process.platform === "win32")("lanspread of Linux and macOS", () => {
  it("starts the Node.js beside it, wherever it is and however it is called", async () => {
    await symlink(`${home}/lanspread`, place.join("absolute"));
    await mkdir(place.join("bin"));
    await symlink("../absolute", place.join("bin", "relative"));
    const args = ["get", "a b", "$x", ""];
    expect(start(`${home}/lanspread`, args, "/")).toEqual(started(...args));
    expect(start("./lanspread", args)).toEqual(started(...args));
    expect(start("lanspread", args, "/")).toEqual(started(...args));
    expect(start("sh", ["lanspread", ...args])).toEqual(started(...args));
    expect(start(place.join("absolute"), args)).toEqual(started(...args));
    expect(start(place.join("bin", "relative"), args)).toEqual(started(...args));
    expect(start("./relative", args, place.join("bin"))).toEqual(started(...args));
  });

  it("is opened with its window by the other scripts", async () => {
    expect(start(`${home}/lanspread-desktop`, [], "/")).toEqual(started("desktop"));
    await writeFile(`${home}/lanspread.command`, textOf("darwin-arm64", "lanspread.command"), {
      mode: 0o755,
    });
    expect(start(`${home}/lanspread.command`, ["--no-window"], "/")).toEqual(
      started("desktop", "--no-window"),
    );
  });

  it("is opened by its desktop entry, as the specification has it read", () => {
    const entry = textOf("linux-x64", "lanspread.desktop");
    const [, value = ""] = /^Exec=(.*)$/mu.exec(entry) ?? [];
    const [program = "", ...args] = argumentsOf(value, `${home}/lanspread.desktop`);
    expect(start(program, args, "/")).toEqual(started("desktop"));
  });
});

/**
 * The arguments of an `Exec` value (Desktop Entry Specification 1.5): escapes of strings are undone first, then quotes and the
 * escapes in them, then codes with a percent sign.
 */
function argumentsOf(value: string, file: string): readonly string[] {
  const text = value.replaceAll(/\\([sntr\\])/gu, (_, letter: string) => (letter === "\\" ? "\\" : " "));
  const words = [...text.matchAll(/"((?:\\.|[^"\\])*)"|(\S+)/gu)].map(([, quoted, plain = ""]) =>
    quoted === undefined ? plain : quoted.replaceAll(/\\(["`$\\])/gu, "$1"),
  );
  return words.map((word) => word.replaceAll(/%(.)/gu, (_, code: string) => (code === "k" ? file : code)));
}

describe("the scripts of Windows", () => {
  it.each(["lanspread.cmd", "lanspread-desktop.cmd"])(
    "%s have lines and paths as its interpreter reads them",
    (name) => {
      const text = textOf("win-x64", name);
      expect(text.split("\r\n").length).toBe(text.split("\n").length);
      expect(text).toContain(
        String.raw`"%here%node\bin\node.exe" "%here%app\node_modules\lanspread\bin\lanspread.mjs"`,
      );
      expect(text).toContain(name.includes("desktop") ? '.mjs" desktop %*\r\n' : '.mjs" %*\r\n');
      expect(text).toMatch(/^[\r\n\x20-\x7e]+$/u);
    },
  );

  it.each(["lanspread.cmd", "lanspread-desktop.cmd"])(
    "%s ask for their folder in a subroutine, since it is another one for a quoted name that PATH has found",
    (name) => {
      const lines = textOf("win-x64", name).trimEnd().split("\r\n");
      const asked = lines.flatMap((line, at) => (line.includes("%~dp0") ? [at] : []));
      expect(asked).toHaveLength(1);
      const [at = 0] = asked;
      expect(lines.slice(at - 2, at + 4)).toEqual([
        "goto start",
        ":find_here",
        'set "here=%~dp0"',
        "exit /b",
        ":start",
        "call :find_here",
      ]);
    },
  );

  it.each(["lanspread.cmd", "lanspread-desktop.cmd"])(
    "%s read no exclamation mark as a variable, whatever the machine's default",
    (name) => {
      expect(textOf("win-x64", name).split("\r\n")[1]).toBe(
        "setlocal EnableExtensions DisableDelayedExpansion",
      );
    },
  );

  it("keep the console of what was double-clicked open where it failed, and none of what scripts call", () => {
    expect(textOf("win-x64", "lanspread-desktop.cmd")).toMatch(/%\*\r\nif %ERRORLEVEL% neq 0 pause\r\n$/u);
    expect(textOf("win-x64", "lanspread.cmd")).toMatch(/%\*\r\n$/u);
  });
});
