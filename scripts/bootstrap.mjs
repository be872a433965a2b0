// Sets the project up with nothing but npm and any Node 18 or later on the machine, then runs one task:
//
//   node scripts/bootstrap.mjs setup | desktop | demo | test | check | bench | soak | sim | scenarios | package
//
// It runs on the machine's own Node; everything it starts afterwards runs on the Node pinned in package.json.
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { constants } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { FAILURES_FILE } from "./remember-failures.mjs";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const binDir = join(root, "node_modules", ".bin");
const stampFile = join(root, "node_modules", ".lanspread-setup");
const windows = process.platform === "win32";

/** Time in which a child should have noticed that it is to end, in ms. */
const TOLD_AGAIN_AFTER_MS = 2_000;

const bin = (name) => () => join(binDir, name);
const rest = process.argv.slice(3);
const tasks = {
  setup: [],
  desktop: [[pinnedNode, ["packages/peer-cli/bin/lanspread.mjs", "desktop", ...rest]]],
  demo: [[pinnedNode, ["scenarios/src/demo/main.ts", ...rest]]],
  // Packages two at a time: their tests start processes and sockets of their own.
  test: [[bin("turbo"), ["run", "test", "--concurrency=2", "--continue", ...rest]]],
  check: [
    [bin("biome"), ["check", "--error-on-warnings", "."]],
    [bin("turbo"), ["run", "check-types", "--output-logs=errors-only"]],
    [bin("turbo"), ["boundaries"]],
    [bin("knip"), []],
  ],
  bench: [[pinnedNode, ["bench/dist/main.js", ...rest]]],
  soak: [[pinnedNode, ["scenarios/src/soak/main.ts", ...rest]]],
  scenarios: [[pinnedNode, ["scenarios/src/runner/main.ts", ...rest]]],
  sim: [[pinnedNode, ["packages/peer/sim/main.ts", ...rest]]],
  package: [[pinnedNode, ["packages/packaging/src/main.ts", ...rest]]],
};

const environment = {
  ...process.env,
  PATH: `${binDir}${delimiter}${process.env.PATH ?? ""}`,
  // No packet leaves for anywhere but the package registry.
  DO_NOT_TRACK: "1",
  TURBO_TELEMETRY_DISABLED: "1",
  TURBO_NO_UPDATE_NOTIFIER: "1",
};

// Ctrl+C reaches the whole process group: the child cleans up and ends first, and its exit code is ours. A child that was just starting
// may have missed it, so it is told once more; nothing new is started afterwards.
let running;
let endedBy;
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) {
  process.on(signal, () => {
    endedBy ??= signal;
    const child = running;
    setTimeout(() => child?.kill(signal), TOLD_AGAIN_AFTER_MS).unref();
  });
}

const task = tasks[process.argv[2] ?? "setup"];
if (task === undefined) {
  console.error(`usage: node scripts/bootstrap.mjs ${Object.keys(tasks).join(" | ")}`);
  process.exit(2);
}
await setUp();
if (process.argv[2] === "test") {
  for (const file of failureFiles()) rmSync(file, { force: true });
  process.on("exit", tellFailures);
}
for (const [program, args] of task) await run(program(), args);

/** Installs the pinned dependencies when they changed since the last time, and builds (turbo skips what is built). */
async function setUp() {
  const stamp = dependencyStamp();
  const current = existsSync(stampFile) ? readFileSync(stampFile, "utf8") : "";
  if (current !== stamp || !existsSync(pinnedNode())) {
    const pnpm = JSON.parse(readFileSync(join(root, "package.json"), "utf8")).packageManager;
    console.error(
      `setting up: ${pnpm}, the pinned Node and the dependencies (once; later starts are offline)`,
    );
    await npx(["--yes", pnpm, "install", "--frozen-lockfile"]);
    writeFileSync(stampFile, stamp);
  }
  await run(join(binDir, "turbo"), ["run", "build", "--output-logs=errors-only"], { quiet: true });
}

/** Changes whenever an install could bring something else: the lock file and every package.json. */
function dependencyStamp() {
  const hash = createHash("sha256");
  for (const folder of [".", ...workspaces()]) {
    const file = join(root, folder, "package.json");
    if (existsSync(file)) hash.update(file).update(readFileSync(file));
  }
  hash
    .update(readFileSync(join(root, "pnpm-lock.yaml")))
    .update(readFileSync(join(root, "pnpm-workspace.yaml")));
  return `${hash.digest("hex")} ${process.platform}-${process.arch}\n`;
}

/** Directories of all packages, from the root. */
function workspaces() {
  const packages = readdirSync(join(root, "packages")).map((name) => join("packages", name));
  return ["bench", "scenarios", ...packages.sort()];
}

/** What failed, once more, after the output of all packages: it would have to be searched for among thousands of lines. */
function tellFailures() {
  for (const file of failureFiles()) {
    if (existsSync(file)) console.error(`\n${readFileSync(file, "utf8")}`);
  }
}

function failureFiles() {
  return workspaces().map((folder) => join(root, folder, FAILURES_FILE));
}

function pinnedNode() {
  return join(root, "node_modules", "node", "bin", windows ? "node.exe" : "node");
}

/** npx of the npm that started us, so that no shell is needed to find it on Windows. */
function npx(args) {
  const beside = process.env.npm_execpath && join(dirname(process.env.npm_execpath), "npx-cli.js");
  // Not with our own bin folder on the PATH: the Node in it is what is being installed.
  const env = { ...environment, PATH: process.env.PATH ?? "" };
  if (beside && existsSync(beside)) return run(process.execPath, [beside, ...args], { env });
  return run("npx", args, { shell: windows, env });
}

/**
 * Runs a program to its end; a failure ends this process with the same code.
 * @param {string} program
 * @param {string[]} args
 * @param {{ shell?: boolean, quiet?: boolean, env?: NodeJS.ProcessEnv }} [options] quiet: its output is shown only when it fails
 */
async function run(program, args, options = {}) {
  const child = spawn(windows && !program.endsWith(".exe") ? `"${program}"` : program, args, {
    cwd: root,
    env: options.env ?? environment,
    stdio: options.quiet ? ["ignore", "pipe", "pipe"] : "inherit",
    shell: options.shell ?? (windows && !program.endsWith(".exe")),
  });
  running = child;
  let output = "";
  child.stdout?.on("data", (text) => (output += text));
  child.stderr?.on("data", (text) => (output += text));
  const code = await new Promise((resolve) => {
    child.on("error", (error) => {
      console.error(`cannot start ${program}: ${error.message}`);
      resolve(1);
    });
    child.on("close", (exitCode, signal) =>
      resolve(exitCode ?? 128 + (signal ? constants.signals[signal] : 1)),
    );
  });
  running = undefined;
  if (endedBy !== undefined) process.exit(code === 0 ? 128 + constants.signals[endedBy] : code);
  if (code === 0) return;
  process.stderr.write(output);
  process.exit(code);
}
