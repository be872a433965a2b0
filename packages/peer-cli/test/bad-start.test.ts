import { randomInt } from "node:crypto";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { chmod, mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { namespacesUnavailable, smallDisk, smallDiskUnavailable } from "@lanspread/testkit";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { asNobody, nobodyUnavailable } from "./support/as-nobody.ts";
import { type CliResult, runCli, startCli } from "./support/cli.ts";
import { makePlace, type PeerPlace, type Place } from "./support/place.ts";
import { until } from "./support/test-harness.ts";
import { treeOf } from "./support/tree.ts";

let place: Place;
let peer: PeerPlace;

beforeEach(async () => {
  place = await makePlace();
  peer = await place.peer("alone");
});

afterEach(() => place[Symbol.asyncDispose]());

/** Later options win over earlier ones, but interfaces add up. */
function serve(...options: string[]): Promise<CliResult> {
  const args = options.includes("--interface") ? peer.args.filter(isNoInterface) : peer.args;
  return runCli(["serve", ...args, ...options]);
}

function runOnce(command: readonly string[], ...options: string[]): Promise<CliResult> {
  return runCli([...command, ...peer.args, ...options]);
}

function isNoInterface(arg: string, index: number, args: readonly string[]): boolean {
  return arg !== "--interface" && args[index - 1] !== "--interface";
}

/** The first line names code and thing, the second says what to do where somebody can; nothing is on stdout. */
function expectFailure(result: CliResult, exit: number, code: string, ...texts: string[]): void {
  const [error, hint] = result.stderr.split("\n").filter((line) => !/^\(?node:|^\s*\(Use/.test(line));
  expect(error).toMatch(/^error: /);
  expect(error).toContain(`(${code})`);
  for (const text of texts) expect(error).toContain(text);
  if (code !== "no-such-file") expect(hint).toMatch(/^ {2}\S/);
  expect(result.stdout).toBe("");
  expect(result.code).toBe(exit);
}

/** The same peer starts when the fault is gone: nothing of the failed start stands in its way. */
async function expectStartsNow(...options: string[]): Promise<void> {
  const { code, stderr } = await runCli(["peers", "--wait", "0", ...peer.args, ...options]);
  expect(code, stderr).toBe(3);
}

describe("a games directory", () => {
  it("that is not there ends a command that would end, is named, and not made", async () => {
    const missing = join(place.root, "missing");
    for (const command of [["get", "ggoo"], ["install", "ggoo"], ["games"]]) {
      expectFailure(await runOnce(command, "--games-dir", missing), 1, "no-such-directory", missing);
    }
    expect(await readdir(place.root)).toEqual(["alone"]);
    await expectStartsNow();
  });

  it("that is a file is named, and stays as it is", async () => {
    const file = join(place.root, "file");
    await writeFile(file, "mine");
    expectFailure(await runOnce(["get", "ggoo"], "--games-dir", file), 1, "not-a-directory", file);
    expect(await readFile(file, "utf8")).toBe("mine");
  });

  it("that is not there is named by who stays, and taken when it appears", async () => {
    const missing = join(place.root, "drive");
    const cli = startCli(["serve", ...peer.args, "--games-dir", missing]);
    const says = (text: string) =>
      until(`${text}, after\n${cli.stderr()}`, () => cli.stderr().includes(text));
    await says(`error: the games directory ${missing} is not there (no-such-directory)`);
    await says("nothing is shared meanwhile");
    const elsewhere = join(place.root, "elsewhere");
    await mkdir(join(elsewhere, "ggoo"), { recursive: true });
    await writeFile(join(elsewhere, "ggoo", "version.ini"), "20240101\n");
    await rename(elsewhere, missing);
    await says("the games directory can be used now");
    await says("sharing 1 game");
    await rm(missing, { recursive: true });
    await until(
      "it is told again",
      () => cli.stderr().split("is not there (no-such-directory)").length === 3,
    );
    cli.child.kill("SIGTERM");
    expect((await cli.ended).code).toBe(0);
  });

  it("is made in the home folder when nobody named one", async () => {
    const home = join(place.root, "home");
    await mkdir(home);
    const { code, stderr } = await runCli(
      ["games", "--wait", "0", "--interface", "127.0.0.1", "--listen", "127.0.0.1:0", "--party", place.party],
      { env: { HOME: home, XDG_DATA_HOME: join(home, "data") } },
    );
    expect(code, stderr).toBe(3);
    expect((await readdir(home)).sort()).toEqual(["data", "lanspread"]);
  });

  it.skipIf(process.platform !== "linux").each([
    ["in the home folder", ["serve"], "/proc/nowhere"],
    ["for a fixture", ["harness", "--games-dir", "/proc/nowhere/games", "--fixture", "ggoo"], "/"],
  ])("that the system does not let be made %s is named (Linux)", async (_, command, home) => {
    const { args } = await place.peer("elsewhere");
    const others = args.slice(args.indexOf("--games-dir") + 2);
    const state = ["--state-dir", join(place.root, "state")];
    const result = await runCli([...command, ...others, ...state], { env: { HOME: home } });
    expectFailure(result, 1, "no-permission", "/proc/nowhere");
  });

  it.skipIf(nobodyUnavailable !== undefined)(
    `that may not be read is named ${nobodyUnavailable ?? ""}`,
    async () => {
      await using free = await asNobody.directory();
      await chmod(peer.games, 0);
      const result = await runCli(
        ["get", "ggoo", ...peer.args, "--state-dir", free.join("state")],
        asNobody.options,
      );
      await chmod(peer.games, 0o755);
      expectFailure(result, 1, "no-permission", peer.games);
    },
  );
});

describe("a state directory", () => {
  it.skipIf(nobodyUnavailable !== undefined)(
    `that may not be written is named ${nobodyUnavailable ?? ""}`,
    async () => {
      await using free = await asNobody.directory();
      await using taken = await asNobody.directory();
      await chmod(taken.path, 0o555);
      const state = taken.join("state");
      const result = await runCli(
        ["serve", ...peer.args, "--games-dir", free.path, "--state-dir", state],
        asNobody.options,
      );
      expectFailure(result, 1, "no-permission", state);
      expect(await readdir(taken.path)).toEqual([]);
    },
  );

  it.skipIf(smallDiskUnavailable() !== undefined)(
    `on a full disk is named, and starts when there is room ${smallDiskUnavailable() ?? ""}`,
    async () => {
      await using disk = await smallDisk(64 * 1024);
      await writeFile(disk.join("filler"), Buffer.alloc(1024 * 1024)).catch(() => {});
      const state = disk.join("state");
      expectFailure(await serve("--state-dir", state), 5, "disk-full", state);
      await writeFile(disk.join("filler"), "");
      await expectStartsNow("--state-dir", state);
    },
  );

  it("whose path is too long for its socket is named", async () => {
    const long = join(place.root, "x".repeat(120));
    expectFailure(await serve("--state-dir", long), 1, "path-too-long", long);
  });
});

describe("the network", () => {
  it("port that another program has is named, and free for us when that one ends", async () => {
    const other = createSocket("udp4");
    // None of those that a system gives to who asks for any (from 32,768 on, or higher): it is still free when it is wanted.
    other.bind(20_000 + randomInt(10_000), "127.0.0.1");
    await once(other, "listening");
    const listen = `127.0.0.1:${other.address().port}`;
    expectFailure(await serve("--listen", listen), 1, "port-taken", listen);
    expect(await treeOf(peer.state)).not.toContain("control.sock");
    other.close();
    await once(other, "close");
    await expectStartsNow("--listen", listen);
  });

  it.each([
    ["--interface", "10.9.9.9"],
    ["--listen", "10.9.9.9:0"],
  ])("option %s with an address of nobody here ends with the code for no network", async (option, value) => {
    expectFailure(await serve(option, value), 7, "no-network-interface", "10.9.9.9");
    await expectStartsNow();
  });
});

describe("no network at all", () => {
  it.skipIf(namespacesUnavailable() !== undefined).each([
    ["peers", "--wait", "1"],
    ["games", "--wait", "1"],
    ["get", "quake3", "--wait", "1"],
  ])(`is what %s says, not that nobody is there ${namespacesUnavailable() ?? ""}`, async (...command) => {
    // A namespace of its own has no interface but lo, and that one is down.
    const result = await runCli([...command, "--games-dir", peer.games, "--state-dir", peer.state], {
      inFront: ["unshare", "--net"],
    });
    expect(result.stderr).toContain("(no-network-interface)");
    expect(result.stdout).toBe("");
    expect(result.code).toBe(7);
    expect(await readdir(peer.games)).toEqual([]);
  });
});

describe("a catalog", () => {
  const game = { id: "quake3", name: "Quake III" };
  it.each([
    ["no JSON", '{\n  "format": 1,\n  "name": "LAN",\n  "games": [,]\n}\n', ["line 4"]],
    [
      "a wrong field",
      JSON.stringify({ format: 1, name: "LAN", games: [game, { id: "No Id", name: "x" }] }),
      ["games[1]", "No Id"],
    ],
    [
      "an unknown field",
      JSON.stringify({ format: 1, name: "LAN", games: [{ ...game, speed: 3 }] }),
      ["games[0]", "speed"],
    ],
  ])("with %s is refused with file and place", async (_, text, places) => {
    const file = join(place.root, "games.json");
    await writeFile(file, text);
    expectFailure(await serve("--catalog", file), 1, "catalog-invalid", file, ...places);
    expect(await readFile(file, "utf8")).toBe(text);
    await expectStartsNow();
  });

  it("that is not there is named", async () => {
    const file = join(place.root, "none.json");
    expectFailure(await serve("--catalog", file), 1, "no-such-file", file);
  });
});

describe("certificates of a closed party", () => {
  it("that are not there are named, and nothing is made in their place", async () => {
    const dir = join(place.root, "our-party");
    expectFailure(await serve("--party-ca", dir), 1, "no-such-file", dir);
    expect(await readdir(place.root)).toEqual(["alone"]);
  });
});
