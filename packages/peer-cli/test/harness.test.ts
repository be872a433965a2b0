import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { MAX_COMMAND_LINE_BYTES } from "@lanspread/proto";
import { eventuallyPasses } from "@lanspread/testkit";
import { describe, expect, it } from "vitest";
import { runCli } from "./support/cli.ts";
import { placeOfEachTest } from "./support/place-of-test.ts";
import { parseLines, startTestHarness, until } from "./support/test-harness.ts";

const place = placeOfEachTest();

describe("lanspread harness", () => {
  it("is ready first, and ends with 0 at the end of stdin", async () => {
    const { args } = await place.peer("alone");
    const { code, stdout } = await runCli(["harness", ...args], { input: "" });
    expect(code).toBe(0);
    const [first] = parseLines(stdout);
    expect(first).toMatchObject({
      type: "event",
      event: "local-peer-ready",
      data: { addr: expect.stringMatching(/^127\.0\.0\.1:\d+$/) },
    });
  });

  it("answers shutdown, then ends with 0", async () => {
    const cli = await place.begin("alone");
    expect(await cli.ask({ cmd: "shutdown" })).toEqual({
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
    expect(parseLines(stdout)).toContainEqual(
      expect.objectContaining({ type: "result", id: "a", cmd: "status" }),
    );
  });

  it("answers what is no command with an error, and goes on", async () => {
    const cli = await place.begin("alone");
    for (const line of [
      "no json",
      "[1]",
      '{"id":103,"cmd":"dance"}',
      '{"id":104,"cmd":"download"}',
      '{"id":105,"cmd":"install","game_id":"../x"}',
      "",
      '{"id":106,"cmd":"status","extra":1}',
    ]) {
      cli.child.stdin.write(`${line}\n`);
    }
    expect(await cli.ask({ cmd: "status" })).toMatchObject({ type: "result", cmd: "status" });
    const errors = cli.lines().filter((line) => line.type === "error");
    expect(errors.map((line) => line.id)).toEqual([null, null, 103, 104, 105, 106]);
    for (const error of errors) expect(error.code).toBe("bad-request");
  });

  it("refuses a line that is too long without reading it, and goes on", async () => {
    const cli = await place.begin("alone");
    cli.child.stdin.write(`{"id":1,"cmd":"status","x":"${"x".repeat(MAX_COMMAND_LINE_BYTES)}"}\n`);
    expect(await cli.ask({ cmd: "status" })).toMatchObject({ type: "result", cmd: "status" });
    const errors = cli.lines().filter((line) => line.type === "error");
    expect(errors).toEqual([expect.objectContaining({ id: null, cmd: null, code: "bad-request" })]);
  });

  it.each(["SIGTERM", "SIGINT", "SIGHUP"] as const)("says goodbye and ends with 0 at %s", async (signal) => {
    const other = await place.begin("other");
    const cli = await place.begin("alone");
    await Promise.all([other.event("peer-discovered"), cli.event("peer-discovered")]);
    cli.child.kill(signal);
    expect(await cli.ended).toMatchObject({ code: 0, signal: null });
    expect((await other.event("peer-lost")).data).toMatchObject({
      reason: expect.stringMatching(/goodbye/i),
    });
  });

  it("stops when nobody reads its stdout any more", async () => {
    const { state } = await place.peer("alone");
    const cli = await place.begin("alone");
    await cli.event("local-peer-ready");
    cli.child.stdout.destroy();
    cli.child.stdin.write('{"id":1,"cmd":"status"}\n'.repeat(100));
    const { code, stderr } = await cli.ended;
    expect(stderr).toBe("");
    expect(code).toBe(0);
    expect(await readdir(state)).not.toContain("control.sock");
  });

  it("keeps every answer for a reader that is slow", async () => {
    const cli = await place.begin("alone");
    await cli.event("local-peer-ready");
    cli.child.stdout.pause();
    const ids = Array.from({ length: 5_000 }, (_, index) => `q${index}`);
    for (const id of ids) cli.child.stdin.write(`{"id":"${id}","cmd":"status"}\n`);
    cli.child.stdin.end();
    cli.child.stdout.resume();
    const { code, stdout } = await cli.ended;
    expect(code).toBe(0);
    const answered = parseLines(stdout).flatMap((line) => (line.type === "result" ? [line.id] : []));
    expect(answered.sort()).toEqual(ids.sort());
  });

  it("tells its own state", async () => {
    const { games } = await place.peer("alone");
    const cli = await place.begin("alone");
    const answer = await cli.ask({ cmd: "status" });
    expect(answer).toMatchObject({
      data: { name: "alone", party: place.party, games_dir: games, operations: [], outbound_transfers: {} },
    });
  });

  it("keeps stdout for the protocol when something else prints", async () => {
    const { args } = await place.peer("alone");
    const stray = `data:text/javascript,${encodeURIComponent('setTimeout(() => { const t = setInterval(() => console.log("stray"), 5); t.unref(); }, 0);')}`;
    const cli = place.keep(startTestHarness(args, { nodeArgs: ["--import", stray] }));
    await until("a stray print", () => cli.stderr().includes("stray"));
    await cli.ask({ cmd: "status" });
    const before = cli.stdout();
    // Until the harness runs, the process is anybody's; from its first line on, stdout is the protocol's.
    expect(() => parseLines(before.slice(before.indexOf("{"), before.lastIndexOf("\n") + 1))).not.toThrow();
    expect(before.slice(before.indexOf("{"))).not.toContain("stray");
  });

  it("makes small real games with --fixture, the same bytes everywhere, and leaves a game alone that is there", async () => {
    const { games } = await place.peer("alpha");
    await mkdir(join(games, "mine"));
    await writeFile(join(games, "mine/keep.txt"), "mine");
    const alpha = await place.begin("alpha", "--fixture", "ggoo", "--fixture", "bf1942", "--fixture", "mine");
    const bravo = await place.begin("bravo", "--fixture", "ggoo");
    await until("bravo's library", () => bravo.events("local-library-changed").length > 0);
    await eventuallyPasses(async () =>
      expect(await alpha.ask({ cmd: "list-games" })).toMatchObject({
        data: {
          games: expect.arrayContaining([
            expect.objectContaining({
              id: "ggoo",
              downloaded: true,
              installed: false,
              availability: "ready",
            }),
            expect.objectContaining({ id: "bf1942", downloaded: true }),
          ]),
        },
      }),
    );
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
    const source = await place.begin("source", "--fixture", "ggoo");
    const receiver = await place.begin("receiver");
    const found = await until("the receiver's view", () => receiver.events("peer-discovered")[0]);
    expect(found.data).toMatchObject({ name: "source" });
    await until("the game at the receiver", async () => {
      const answer = await receiver.ask({ cmd: "list-games" });
      return JSON.stringify(answer).includes('"peer_count":1');
    });
    expect(await receiver.ask({ cmd: "download", game_id: "ggoo" })).toMatchObject({
      data: { accepted: true },
    });
    await until("the end of the install", () => receiver.events("install-finished")[0]);
    const [finished] = receiver.events("download-finished");
    const status = await source.ask({ cmd: "status" });
    const peerId = status.type === "result" ? String(status.data["peer_id"]) : "";
    expect(finished?.data).toMatchObject({ game_id: "ggoo", sources: { [peerId]: finished?.data["bytes"] } });
    const { games: from } = await place.peer("source");
    const { games: to } = await place.peer("receiver");
    expect(await readFile(join(to, "ggoo/ggoo.eti"))).toEqual(await readFile(join(from, "ggoo/ggoo.eti")));
    expect(await readdir(join(to, "ggoo"))).toContain("local");
  });

  it("says who has the state directory, and leaves that peer alone", async () => {
    const first = await place.begin("alone");
    await until("the first peer", () => first.events("local-peer-ready")[0]);
    const { args } = await place.peer("alone");
    const second = await runCli(["harness", ...args], { input: "" });
    expect(second.code).toBe(1);
    expect(second.stdout).toBe("");
    expect(second.stderr).toContain("(state-locked)");
    expect(second.stderr).toContain(String(first.child.pid));
    expect(await first.ask({ cmd: "status" })).toMatchObject({ type: "result" });
  });
});
