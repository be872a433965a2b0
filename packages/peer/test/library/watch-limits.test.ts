import { execFile, execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { createRig, GAME, type Rig } from "./support.ts";
import type { WatchReport } from "./watch-child.ts";

const run = promisify(execFile);
const CHILD = fileURLToPath(new URL("watch-child.ts", import.meta.url));
/** A child that hangs is a failure, not a wait. */
const CHILD_TIMEOUT_MS = 100_000;

/** Limits of a user namespace of its own: nobody else's are touched. */
function limitsUnavailable(): string | undefined {
  try {
    const script = "exec unshare --user --map-root-user sh -c 'echo 0 > /proc/sys/user/max_inotify_watches'";
    execFileSync("sh", ["-c", script], { stdio: "ignore" });
    return undefined;
  } catch {
    return "needs user namespaces";
  }
}

/** The games directory, two roots, and the folders in them. */
const WATCHES = 1 + 2 + 2 + 3;

async function watchInChild(rig: Rig, before: string, ...nodeOptions: string[]): Promise<WatchReport> {
  const args = [
    "--conditions=source",
    ...nodeOptions,
    CHILD,
    rig.gamesDir,
    rig.dir.join("child-state"),
    `${WATCHES}`,
  ];
  const script = `${before}exec "$@"`;
  const wrapper = before === "" ? [] : ["unshare", "--user", "--map-root-user"];
  const [program = "sh", ...rest] = [...wrapper, "sh", "-c", script, "sh", process.execPath, ...args];
  const { stdout } = await run(program, rest, { timeout: CHILD_TIMEOUT_MS, killSignal: "SIGKILL" });
  return JSON.parse(stdout);
}

const GAMES = { ggoo: { ...GAME, "a/b/c/d": "x" }, other: GAME };
const unavailable = limitsUnavailable();
const skipped = unavailable === undefined ? "" : ` (skipped: ${unavailable})`;

describe("the watch of a process of its own", () => {
  it("ends with its monitor, and does not keep the process alive", async () => {
    await using rig = await createRig(GAMES);
    const report = await watchInChild(rig, "");
    expect(report).toEqual({
      watches: expect.any(Number),
      warnings: [],
      logged: [],
      games: ["ggoo", "other"],
      left: 0,
    });
    expect(report.watches).toBe(WATCHES);
  });

  it.skipIf(unavailable !== undefined).each<[string, string, string, number]>([
    ["watches", "max_inotify_watches", "sudo sysctl fs.inotify.max_user_watches=", 4],
    ["watches at all", "max_inotify_watches", "sudo sysctl fs.inotify.max_user_watches=", 0],
    ["inotify instances", "max_inotify_instances", "sudo sysctl fs.inotify.max_user_instances=", 0],
  ])(`says once what to do where the system has no more %s${skipped}`, async (_, limit, remedy, value) => {
    await using rig = await createRig(GAMES);
    const report = await watchInChild(rig, `echo ${value} > /proc/sys/user/${limit} && `);
    expect(report.warnings).toEqual([expect.stringContaining(remedy)]);
    expect(report.warnings[0]).toContain("every 30 s");
    expect(report.warnings[0]).toContain(rig.gamesDir);
    expect(report.logged).toHaveLength(1);
    expect(report.games).toEqual(["ggoo", "other"]);
    expect(report.left).toBe(0);
  });

  it("says once that its binary is missing, and shares the games all the same", async () => {
    await using rig = await createRig(GAMES);
    const hook = `import { registerHooks } from "node:module";
      registerHooks({ resolve: (name, context, next) => {
        if (name.startsWith("@parcel/watcher-")) throw Object.assign(new Error("no such package"), { code: "MODULE_NOT_FOUND" });
        return next(name, context);
      } });`;
    const report = await watchInChild(
      rig,
      "",
      "--import",
      `data:text/javascript,${encodeURIComponent(hook)}`,
    );
    expect(report.warnings).toEqual([expect.stringContaining("@parcel/watcher")]);
    expect(report).toMatchObject({ watches: 0, games: ["ggoo", "other"], left: 0 });
    expect(report.logged).toHaveLength(1);
  });
});
