import { describe, expect, it } from "vitest";
import { runCli } from "./support/cli.ts";

const COMMANDS = [
  ["serve"],
  ["peers"],
  ["games"],
  ["get"],
  ["install"],
  ["uninstall"],
  ["remove"],
  ["catalog"],
  ["catalog", "build"],
  ["certs"],
  ["certs", "rotate"],
  ["harness"],
];

/** Prints the address of every module that is loaded on stderr. */
const LIST_MODULES = `data:text/javascript,${encodeURIComponent(
  'import { registerHooks } from "node:module"; registerHooks({ load(url, context, next) { process.stderr.write(url + "\\n"); return next(url, context); } });',
)}`;

describe("help", () => {
  const names = COMMANDS.map((words) => words.join(" "));
  it.concurrent.each(names)("of %s shows examples that begin with the command", async (name) => {
    const { code, stdout, stderr } = await runCli([...name.split(" "), "--help"]);
    expect(stderr).toBe("");
    expect(code).toBe(0);
    expect(stdout).toContain(`Usage: lanspread ${name}`);
    const examples = stdout.slice(stdout.indexOf("Examples:")).match(/^ {2}\$ .+$/gm) ?? [];
    expect(examples.length).toBeGreaterThan(0);
    expect(examples[0]).toContain(`lanspread ${name}`);
  });

  it("lists every command", async () => {
    const { code, stdout } = await runCli(["--help"]);
    expect(code).toBe(0);
    for (const [name] of COMMANDS) expect(stdout).toMatch(new RegExp(`^ {2}${name}\\b`, "m"));
  });

  it("names the options that all share", async () => {
    const { stdout } = await runCli(["get", "--help"]);
    for (const option of [
      ...[
        "--games-dir",
        "--state-dir",
        "--catalog",
        "--name",
        "--party",
        "--interface",
        "--listen",
        "--party-ca",
      ],
      ...["--json", "--quiet", "--verbose", "--no-install", "--low-disk"],
    ]) {
      expect(stdout).toContain(option);
    }
  });

  it("loads neither the runtime nor anything else that is not needed for it", async () => {
    const { stderr } = await runCli(["--help"], { nodeArgs: ["--import", LIST_MODULES] });
    const loaded = stderr.split("\n").filter((line) => line.startsWith("file:"));
    expect(loaded.some((url) => url.endsWith("/src/main.ts"))).toBe(true);
    expect(loaded.filter((url) => /packages\/(peer|proto|testkit|quic)\//.test(url))).toEqual([]);
  });
});

describe("a wrong command line", () => {
  it.concurrent.each([
    [["frobnicate"], "unknown command 'frobnicate'"],
    [["peers", "--frobnicate"], "unknown option '--frobnicate'"],
    [["get"], "missing required argument 'id'"],
    [["peers", "--listen", "somewhere"], "Expected an IP address and a port"],
    [["peers", "--listen", "127.0.0.1:70000"], "at most 65535"],
    [["peers", "--interface", "eth0"], "Expected an IP address of this computer"],
    [["peers", "--wait", "601"], "from 0 to 600"],
    [["peers", "--party", "a\u0007b"], "Expected some visible text"],
    [["certs", "rotate"], "required option '--out <dir>' not specified"],
    [
      ["get", "quake3", "--low-disk", "--no-install"],
      "--low-disk installs a game without keeping its download",
    ],
    [["get", "../etc"], '"../etc" is no game id'],
    [["remove", "--yes", ".."], '".." is no game id'],
    [["remove", "quake3"], "Add --yes"],
    [["harness", "--fixture", "No Game"], '"No Game" is no game id'],
  ])("%j ends with code 2 and says what is wrong", async (args, message) => {
    const { code, stdout, stderr } = await runCli(args);
    expect(stderr).toContain(message);
    expect(stdout).toBe("");
    expect(code).toBe(2);
  });

  it("ends with code 2 and the help on stderr when there is no command at all", async () => {
    const { code, stdout, stderr } = await runCli([]);
    expect(code).toBe(2);
    expect(stdout).toBe("");
    expect(stderr).toContain("Usage: lanspread");
  });
});

describe("--version", () => {
  it("prints the package's version alone", async () => {
    expect(await runCli(["--version"])).toEqual({ code: 0, signal: null, stdout: "0.1.0\n", stderr: "" });
  });
});
