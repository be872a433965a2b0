import { mkdir, writeFile } from "node:fs/promises";
import { silentLogger } from "@lanspread/peer";
import { eventually, temporaryDirectory } from "@lanspread/testkit";
import { describe, expect, it } from "vitest";
import { WebSocket } from "ws";
import type { ShellMessage } from "../../protocol/messages.ts";
import { openShell } from "../../shell/open-shell.ts";
import { ask, DEADLINE_MS, enter, prepare, TestPage } from "../support.ts";

describe("a page that comes before the peer runs", () => {
  it("is there at once, waits for what it shows, and then sees the games", async () => {
    await using dir = await temporaryDirectory();
    const setup = await prepare(dir);
    await mkdir(dir.join("games", "quake"));
    await writeFile(dir.join("games", "quake", "version.ini"), "1");
    await using shell = await openShell({ ...setup, version: "1.2.3", logger: silentLogger });
    const door = await enter(shell.openAddress());
    expect((await ask(`${door.origin}/`, { cookie: door.cookie })).body).toContain("lanspread");
    const opened = TestPage.open(door);
    await eventually(() => shell.waiting === 1, { what: "a page that waits", deadlineMs: DEADLINE_MS });
    await shell.start();
    const page = await opened;
    expect(shell.waiting).toBe(0);
    const [first] = page.messages;
    if (first?.type !== "snapshot") throw new Error("a snapshot comes first");
    expect(first.snapshot.games.map(({ id }) => id)).toEqual(["quake"]);
    expect(await page.ask({ type: "command", command: { type: "get-peer-count" } })).toMatchObject({
      data: { count: 0 },
    });
    page.socket.terminate();
  });

  it("is answered what it has asked meanwhile", async () => {
    await using dir = await temporaryDirectory();
    await using shell = await openShell({
      ...(await prepare(dir)),
      version: "1.2.3",
      logger: silentLogger,
    });
    const { origin, cookie } = await enter(shell.openAddress());
    const socket = new WebSocket(`${origin.replace("http", "ws")}/socket`, { headers: { cookie, origin } });
    const heard: ShellMessage["type"][] = [];
    socket.on("message", (data) => heard.push((JSON.parse(data.toString()) as ShellMessage).type));
    socket.on("open", () => socket.send(JSON.stringify({ type: "tell-focus", has: true, id: 1 })));
    await eventually(() => shell.waiting === 1, { what: "a page that waits", deadlineMs: DEADLINE_MS });
    expect(shell.windows.count).toBe(0);
    await shell.start();
    await eventually(() => heard.includes("answer"), { what: "an answer", deadlineMs: DEADLINE_MS });
    expect(heard[0]).toBe("snapshot");
    expect(shell.windows.count).toBe(1);
    socket.terminate();
  });

  it("is told goodbye where no peer is started", async () => {
    await using dir = await temporaryDirectory();
    const { peer, page } = await prepare(dir);
    const wrong = { ...peer, catalog: dir.join("no-catalog.json") };
    const shell = await openShell({ peer: wrong, page, version: "1.2.3", logger: silentLogger });
    const { origin, cookie } = await enter(shell.openAddress());
    const socket = new WebSocket(`${origin.replace("http", "ws")}/socket`, { headers: { cookie, origin } });
    const closed = new Promise<number>((resolve) => socket.once("close", resolve));
    await eventually(() => shell.waiting === 1, { what: "a page that waits", deadlineMs: DEADLINE_MS });
    await expect(shell.start()).rejects.toThrow("no-catalog.json");
    await shell[Symbol.asyncDispose]();
    expect(await closed).toBe(1001);
    // The state directory is free again.
    await using next = await openShell({ peer, page, version: "1.2.3", logger: silentLogger });
    expect((await next.start()).snapshot().games).toEqual([]);
  });

  it("is the only one: who comes second is refused before a window is opened", async () => {
    await using dir = await temporaryDirectory();
    const options = { ...(await prepare(dir)), version: "1.2.3", logger: silentLogger };
    await using shell = await openShell(options);
    await expect(openShell(options)).rejects.toMatchObject({ code: "state-locked" });
    expect((await ask(shell.openAddress())).status).toBe(303);
  });
});
