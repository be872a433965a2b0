import { symlink } from "node:fs/promises";
import { join } from "node:path";
import { harnessLineSchema } from "@lanspread/proto";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type RunningCli, runCli, startCli } from "./support/cli.ts";
import { makePlace, type PeerPlace, type Place } from "./support/place.ts";
import { type TestHarness, until } from "./support/test-harness.ts";

let place: Place;
let attic: PeerPlace;

beforeEach(async () => {
  place = await makePlace();
  attic = await place.peer("attic");
});

afterEach(() => place[Symbol.asyncDispose]());

async function serve(...options: string[]): Promise<RunningCli> {
  const cli = place.owns(startCli(["serve", ...attic.args, ...options]));
  await until(`the start, after\n${cli.stderr()}`, () =>
    /127\.0\.0\.1:\d+/.exec(cli.stderr() + cli.stdout()),
  );
  return cli;
}

async function harness(name: string, ...options: string[]): Promise<TestHarness> {
  return await place.harness(await place.peer(name), ...options);
}

describe("lanspread serve", () => {
  it("tells where it is, who comes and goes, and ends with 0 at Ctrl+C", async () => {
    const cli = await serve();
    expect(cli.stderr()).toMatch(
      /^"attic" is in party "test-\w+" at 127\.0\.0\.1:\d+, with the games of .*games\n/,
    );
    const cellar = await harness("cellar", "--fixture", "ggoo");
    await until("the other", () => /^cellar is here \(127\.0\.0\.1:\d+\), 1 game$/m.exec(cli.stderr()));
    await cellar.close();
    await until("its end", () => /^cellar is gone: /m.exec(cli.stderr()));
    cli.child.kill("SIGINT");
    const { code, stdout, stderr } = await cli.ended;
    expect(stderr).toContain("ending; press Ctrl+C again to end at once");
    expect(stdout).toBe("");
    expect(code).toBe(0);
  });

  it("shares what is in its folder, and says what it cannot share", async () => {
    const cellar = await harness("attic", "--fixture", "ggoo", "--fixture", "quake3");
    await cellar.close();
    const cli = await serve();
    await until("the library", () => cli.stderr().includes("sharing 2 games"));
  });

  it("prints events as JSON lines alone with --json, the address first", async () => {
    const cli = await serve("--json");
    await harness("cellar");
    await until("the other", () => cli.stdout().includes('"peer-discovered"'));
    cli.child.kill("SIGTERM");
    const { code, stdout } = await cli.ended;
    expect(code).toBe(0);
    const events = stdout
      .trimEnd()
      .split("\n")
      .map((line) => harnessLineSchema.parse(JSON.parse(line)));
    expect(events[0]).toMatchObject({ type: "event", event: "local-peer-ready" });
    expect(events.filter((line) => line.type === "event" && line.event === "local-peer-ready")).toHaveLength(
      1,
    );
  });

  it("is the one that the other commands ask", async () => {
    const cli = await serve();
    await harness("cellar", "--fixture", "ggoo");
    await until("the other", () => cli.stderr().includes("cellar is here"));
    const peers = await runCli(["peers", "--json", ...attic.args]);
    expect(peers.code, peers.stderr).toBe(0);
    expect(JSON.parse(peers.stdout)).toMatchObject({ peers: [{ name: "cellar", game_count: 1 }] });
    await until("the game", async () => (await runCli(["games", ...attic.args])).stdout.includes("ggoo"));
    const got = await runCli(["get", "ggoo", ...attic.args]);
    expect(got.code, got.stderr).toBe(0);
    expect(got.stdout).toMatch(/^got ggoo {2}2\.4 MiB, .*, 3 files installed in \d+ s\n$/);
    expect(cli.stderr()).toMatch(/^ggoo: installed, 3 files$/m);
    const removed = await runCli(["uninstall", "ggoo", ...attic.args]);
    expect(removed.code, removed.stderr).toBe(0);
  });

  it("lets nobody be asked for something else than it is", async () => {
    await serve();
    const other = await runCli(["games", ...attic.args, "--party", "another"]);
    expect(other.stderr).toMatch(/--party says another, but the peer that runs here has test-/);
    expect(other.code).toBe(2);
  });

  it.skipIf(process.platform === "win32")("has its folder by whatever links somebody names it", async () => {
    const link = join(place.root, "link");
    await symlink(attic.games, link);
    const first = await serve();
    const byLink = await runCli(["peers", ...attic.args, "--games-dir", link]);
    expect(byLink.code, byLink.stderr).toBe(3);
    first.child.kill("SIGTERM");
    await first.ended;
    await serve("--games-dir", link);
    const byItself = await runCli(["peers", ...attic.args]);
    expect(byItself.code, byItself.stderr).toBe(3);
  });

  it("is named to a second one, which ends", async () => {
    const first = await serve();
    const second = await runCli(["serve", ...attic.args]);
    expect(second.code).toBe(1);
    expect(second.stderr).toContain(`process ${first.child.pid}`);
    expect(second.stderr).toContain("(state-locked)");
    const still = await runCli(["peers", ...attic.args]);
    expect(still.code, still.stderr).toBe(3);
  });
});
