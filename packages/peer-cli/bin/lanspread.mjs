#!/usr/bin/env node
// Plain JavaScript that any Node.js from 14 on can read: it has to run before the right version is found.
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const NEEDED_MAJOR = 24;
const EXIT_FAILED = 1;
const here = dirname(fileURLToPath(import.meta.url));
const program = join(here, "..", "dist", "main.js");
const ownMajor = Number.parseInt(process.versions.node, 10);

if (!existsSync(program)) {
  fail(
    `lanspread is not built yet: ${program} is missing.`,
    "Run `npm start` or `pnpm build` at the repository's root.",
  );
} else if (ownMajor >= NEEDED_MAJOR) {
  await import("../dist/main.js");
} else {
  const node = findNode(here);
  if (node === undefined) {
    fail(
      `lanspread needs Node.js ${NEEDED_MAJOR} or newer; this is ${process.version}, and no newer one is in the repository.`,
      `Run \`npm start\` at the repository's root once, or install Node.js ${NEEDED_MAJOR} from https://nodejs.org.`,
    );
  } else {
    runWith(node);
  }
}

/** The `node` package of the nearest enclosing node_modules, if it is new enough to be there at all. */
function findNode(start) {
  const file = process.platform === "win32" ? "node.exe" : "node";
  for (let directory = start; ; directory = dirname(directory)) {
    const candidate = join(directory, "node_modules", "node", "bin", file);
    if (existsSync(candidate)) return candidate;
    if (dirname(directory) === directory) return undefined;
  }
}

/** Runs the program with another Node.js, as if it were this process: same streams, signals and exit code. */
function runWith(node) {
  // The channel carries no message: its end tells the program that this process was killed.
  const child = spawn(node, [fileURLToPath(import.meta.url), ...process.argv.slice(2)], {
    stdio: ["inherit", "inherit", "inherit", "ipc"],
    env: { ...process.env, LANSPREAD_LAUNCHED: "1" },
  });
  const onTerminal = process.stdin.isTTY || process.stdout.isTTY || process.stderr.isTTY;
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) {
    process.on(signal, () => {
      // Ctrl+C on a terminal reaches both processes; sent on, it would count twice and force the end.
      if (signal === "SIGINT" && onTerminal) return;
      child.kill(signal);
    });
  }
  child.on("error", (error) =>
    fail(`${node} cannot be started: ${error.message}`, "Run `npm start` once to repair it."),
  );
  child.on("exit", (code, signal) => {
    if (signal === null) {
      process.exitCode = code;
      return;
    }
    process.removeAllListeners(signal);
    process.kill(process.pid, signal);
  });
}

function fail(message, remedy) {
  process.stderr.write(`error: ${message}\n  ${remedy}\n`);
  process.exitCode = EXIT_FAILED;
}
