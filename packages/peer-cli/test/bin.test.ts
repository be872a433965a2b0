import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { copyFile, mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const BIN = fileURLToPath(new URL("../bin/lanspread.mjs", import.meta.url));
const NEEDED_MAJOR = 24;

/** An older Node.js on this machine, outside the repository. */
const oldNode = (process.env["PATH"] ?? "")
  .split(delimiter)
  .filter((directory) => directory !== "" && !directory.includes("node_modules"))
  .map((directory) => join(directory, "node"))
  .find((file) => {
    const { stdout } = spawnSync(file, ["-p", "parseInt(process.versions.node)"], { encoding: "utf8" });
    return stdout !== null && Number(stdout) > 0 && Number(stdout) < NEEDED_MAJOR;
  });
const withOldNode = oldNode === undefined ? "skipped: no Node.js older than 24 on PATH" : "";

/** Prints what it was given; as `wait` it stays until a signal and says which. */
const PROGRAM = `
if (process.argv[2] === "wait") {
  const timer = setInterval(() => {}, 1000);
  for (const name of ["SIGINT", "SIGTERM"]) process.on(name, () => { process.stdout.write(name); process.exitCode = 4; clearInterval(timer); process.disconnect?.(); });
  process.on("disconnect", () => clearInterval(timer));
} else process.exitCode = Number(process.argv[3] ?? 0);
// Last: who reads it may send a signal at once.
process.stdout.write(JSON.stringify({ version: process.versions.node, args: process.argv.slice(2) }) + "\\n");
`;

let root: string;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "lanspread-bin-"));
  for (const name of ["whole", "unbuilt", "alone"]) {
    await mkdir(join(root, name, "cli", "bin"), { recursive: true });
    await copyFile(BIN, join(root, name, "cli/bin/lanspread.mjs"));
    if (name !== "unbuilt") await mkdir(join(root, name, "cli/dist"));
    if (name !== "unbuilt") await writeFile(join(root, name, "cli/dist/main.js"), PROGRAM);
    await writeFile(join(root, name, "cli/package.json"), '{ "type": "module" }');
  }
  await mkdir(join(root, "whole/node_modules/node/bin"), { recursive: true });
  await symlink(process.execPath, join(root, "whole/node_modules/node/bin/node"));
});

afterAll(() => rm(root, { recursive: true, force: true }));

function run(node: string, tree: string, ...args: string[]) {
  return spawnSync(node, [join(root, tree, "cli/bin/lanspread.mjs"), ...args], { encoding: "utf8" });
}

describe("bin/lanspread.mjs", () => {
  it("runs the built program with its arguments and exit code", () => {
    const { stdout, status } = run(process.execPath, "alone", "a", "3", "--c d");
    expect(JSON.parse(stdout)).toEqual({ version: process.versions.node, args: ["a", "3", "--c d"] });
    expect(status).toBe(3);
  });

  it("says how to build what is not built", () => {
    const { stdout, stderr, status } = run(process.execPath, "unbuilt", "peers");
    expect(status).toBe(1);
    expect(stdout).toBe("");
    expect(stderr).toMatch(/not built yet.*main\.js is missing\.\n.*npm start/);
  });

  it.skipIf(oldNode === undefined)(
    `takes the repository's Node.js when its own is too old ${withOldNode}`,
    () => {
      const { stdout, status } = run(oldNode ?? "", "whole", "a", "5");
      expect(JSON.parse(stdout)).toEqual({ version: process.versions.node, args: ["a", "5"] });
      expect(status).toBe(5);
    },
  );

  it.skipIf(oldNode === undefined)(`says which Node.js it needs when there is none ${withOldNode}`, () => {
    const { stdout, stderr, status } = run(oldNode ?? "", "alone", "peers");
    expect(status).toBe(1);
    expect(stdout).toBe("");
    expect(stderr).toMatch(/needs Node\.js 24 or newer; this is v\d+/);
  });

  it.skipIf(oldNode === undefined)(`hands signals on, and the exit code back ${withOldNode}`, async () => {
    const child = spawn(oldNode ?? "", [join(root, "whole/cli/bin/lanspread.mjs"), "wait"], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const closed = once(child, "close");
    let output = "";
    for await (const chunk of child.stdout.setEncoding("utf8")) {
      if (output === "") child.kill("SIGTERM");
      output += String(chunk);
    }
    expect(output).toContain("SIGTERM");
    expect(await closed).toEqual([4, null]);
  });
});
