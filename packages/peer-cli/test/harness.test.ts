import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type HarnessLine, harnessLineSchema } from "@lanspread/proto";
import { eventually } from "@lanspread/testkit";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type RunningCli, runCli, startCli } from "./support/cli.ts";
import { makePlace, type Place } from "./support/place.ts";

let place: Place;
const running: RunningCli[] = [];

beforeEach(async () => {
  place = await makePlace();
});

afterEach(async () => {
  for (const cli of running.splice(0)) {
    cli.child.stdin.end();
    await cli.ended;
  }
  await place[Symbol.asyncDispose]();
});

/** Every line of stdout; fails for the first that is no line of the contract. */
function lines(stdout: string): HarnessLine[] {
  return stdout
    .split("\n")
    .filter((line, index, all) => index < all.length - 1 || line !== "")
    .map((line) => harnessLineSchema.parse(JSON.parse(line)));
}

async function start(name: string, ...extra: string[]): Promise<RunningCli> {
  const { args } = await place.peer(name);
  const cli = startCli(["harness", ...args, ...extra]);
  running.push(cli);
  return cli;
}

/** Sends one command and waits for its answer. */
async function ask(cli: RunningCli, id: number, command: object): Promise<HarnessLine> {
  cli.child.stdin.write(`${JSON.stringify({ id, ...command })}\n`);
  return until(`an answer to ${JSON.stringify(command)}`, () =>
    wholeLines(cli).find((line) => line.type !== "event" && line.id === id),
  );
}

/** Twenty seconds: a machine that is busy with other tests is slow, not wrong. */
function until<T>(what: string, look: () => T | Promise<T>) {
  return eventually(look, { what, deadlineMs: 20_000 });
}

function wholeLines(cli: RunningCli): HarnessLine[] {
  const text = cli.stdout();
  return lines(text.slice(0, text.lastIndexOf("\n") + 1));
}

function events(cli: RunningCli, name: string): Extract<HarnessLine, { type: "event" }>[] {
  return wholeLines(cli).filter((line) => line.type === "event" && line.event === name) as never;
}

describe("lanspread harness", () => {
  it("is ready first, and ends with 0 at the end of stdin", async () => {
    const { args } = await place.peer("alone");
    const { code, stdout } = await runCli(["harness", ...args], { input: "" });
    expect(code).toBe(0);
    const [first] = lines(stdout);
    expect(first).toMatchObject({
      type: "event",
      event: "local-peer-ready",
      data: { addr: expect.stringMatching(/^127\.0\.0\.1:\d+$/) },
    });
  });

  it("answers shutdown, then ends with 0", async () => {
    const cli = await start("alone");
    expect(await ask(cli, 1, { cmd: "shutdown" })).toEqual({
      type: "result",
      id: 1,
      cmd: "shutdown",
      data: {},
    });
    expect(await cli.ended).toMatchObject({ code: 0 });
  });

  it("answers commands that are still in the pipe when stdin ends", async () => {
    const { args } = await place.peer("alone");
    const { code, stdout } = await runCli(["harness", ...args], { input: '{"id":"a","cmd":"status"}\n' });
    expect(code).toBe(0);
    expect(lines(stdout)).toContainEqual(expect.objectContaining({ type: "result", id: "a", cmd: "status" }));
  });

  it("answers what is no command with an error, and goes on", async () => {
    const cli = await start("alone");
    for (const line of [
      "no json",
      "[1]",
      '{"id":3,"cmd":"dance"}',
      '{"id":4,"cmd":"download"}',
      '{"id":5,"cmd":"install","game_id":"../x"}',
      "",
      '{"id":6,"cmd":"status","extra":1}',
    ]) {
      cli.child.stdin.write(`${line}\n`);
    }
    expect(await ask(cli, 7, { cmd: "status" })).toMatchObject({ type: "result", cmd: "status" });
    const errors = wholeLines(cli).filter((line) => line.type === "error");
    expect(errors.map((line) => line.id)).toEqual([null, null, 3, 4, 5, 6]);
    for (const error of errors) expect(error.code).toBe("bad-request");
  });

  it("tells its own state", async () => {
    const { games } = await place.peer("alone");
    const cli = await start("alone");
    const answer = await ask(cli, 1, { cmd: "status" });
    expect(answer).toMatchObject({
      data: { name: "alone", party: place.party, games_dir: games, operations: [], outbound_transfers: {} },
    });
  });

  it("keeps stdout for the protocol when something else prints", async () => {
    const { args } = await place.peer("alone");
    const stray = `data:text/javascript,${encodeURIComponent('setTimeout(() => { const t = setInterval(() => console.log("stray"), 5); t.unref(); }, 0);')}`;
    const cli = startCli(["harness", ...args], { nodeArgs: ["--import", stray] });
    running.push(cli);
    await until("a stray print", () => cli.stderr().includes("stray"));
    await ask(cli, 1, { cmd: "status" });
    const before = cli.stdout();
    // Until the harness runs, the process is anybody's; from its first line on, stdout is the protocol's.
    expect(() => lines(before.slice(before.indexOf("{"), before.lastIndexOf("\n") + 1))).not.toThrow();
    expect(before.slice(before.indexOf("{"))).not.toContain("stray");
  });

  it("makes small real games with --fixture, the same bytes everywhere, and leaves a game alone that is there", async () => {
    const { games } = await place.peer("alpha");
    await mkdir(join(games, "mine"));
    await writeFile(join(games, "mine/keep.txt"), "mine");
    const alpha = await start("alpha", "--fixture", "ggoo", "--fixture", "bf1942", "--fixture", "mine");
    const bravo = await start("bravo", "--fixture", "ggoo");
    await until(
      "both libraries",
      () =>
        events(alpha, "local-library-changed").length > 0 &&
        events(bravo, "local-library-changed").length > 0,
    );
    const listed = await ask(alpha, 1, { cmd: "list-games" });
    expect(listed).toMatchObject({
      data: {
        games: expect.arrayContaining([
          expect.objectContaining({ id: "ggoo", downloaded: true, installed: false, availability: "ready" }),
          expect.objectContaining({ id: "bf1942", downloaded: true }),
        ]),
      },
    });
    expect(await readdir(join(games, "mine"))).toEqual(["keep.txt"]);
    const { games: other } = await place.peer("bravo");
    for (const file of await readdir(join(games, "ggoo"))) {
      expect(await readFile(join(other, "ggoo", file))).toEqual(await readFile(join(games, "ggoo", file)));
    }
    expect(await readdir(join(games, "ggoo"))).toEqual(["ggoo.eti", "version.ini"]);
    expect(await readFile(join(games, "bf1942/bf1942.eti"))).not.toEqual(
      await readFile(join(games, "ggoo/ggoo.eti")),
    );
  });

  it("downloads and installs from another harness, by address or by mDNS", async () => {
    const source = await start("source", "--fixture", "ggoo");
    const receiver = await start("receiver");
    const found = await until("the receiver's view", () => events(receiver, "peer-discovered")[0]);
    expect(found.data).toMatchObject({ name: "source" });
    await until("the game at the receiver", async () => {
      const answer = await ask(receiver, performance.now() | 0, { cmd: "list-games" });
      return JSON.stringify(answer).includes('"peer_count":1');
    });
    expect(await ask(receiver, 1, { cmd: "download", game_id: "ggoo" })).toMatchObject({
      data: { accepted: true },
    });
    await until("the end of the install", () => events(receiver, "install-finished")[0]);
    const [finished] = events(receiver, "download-finished");
    const status = await ask(source, 1, { cmd: "status" });
    const peerId = status.type === "result" ? String(status.data["peer_id"]) : "";
    expect(finished?.data).toMatchObject({ game_id: "ggoo", sources: { [peerId]: finished?.data["bytes"] } });
    const { games: from } = await place.peer("source");
    const { games: to } = await place.peer("receiver");
    expect(await readFile(join(to, "ggoo/ggoo.eti"))).toEqual(await readFile(join(from, "ggoo/ggoo.eti")));
    expect(await readdir(join(to, "ggoo"))).toContain("local");
  });

  it("says who has the state directory, and leaves that peer alone", async () => {
    const first = await start("alone");
    await until("the first peer", () => events(first, "local-peer-ready")[0]);
    const { args } = await place.peer("alone");
    const second = await runCli(["harness", ...args], { input: "" });
    expect(second.code).toBe(1);
    expect(second.stdout).toBe("");
    expect(second.stderr).toContain("(state-locked)");
    expect(second.stderr).toContain(String(first.child.pid));
    expect(await ask(first, 1, { cmd: "status" })).toMatchObject({ type: "result" });
  });
});
