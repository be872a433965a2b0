import { mkdir, writeFile } from "node:fs/promises";
import type { Socket } from "node:net";
import { eventually, type TemporaryDirectory, temporaryDirectory } from "@lanspread/testkit";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { MAX_WAITING_BYTES, MOST_UNANSWERED } from "../../shell/constants.ts";
import { type RunningApp, startApp } from "../start-app.ts";
import { DEADLINE_MS, enter, prepare, TestPage } from "../support.ts";
import { drained, frameOf, OPCODE, openFrozen } from "./frames.ts";

const MIB = 1024 ** 2;

/** Games of the catalog: a snapshot of them is some hundred kilobytes. */
const GAMES = 1_000;
const DESCRIPTION = "Run, jump, and do not look back. ".repeat(15);

/** What a program that lives goes up and down by, bytes. */
const BREATHING = 24 * MIB;

describe("the memory of the app", () => {
  let dir: TemporaryDirectory;
  let app: RunningApp;
  let door: Awaited<ReturnType<typeof enter>>;
  let frozen: Socket[];
  /** Bytes of one snapshot. */
  let snapshotBytes: number;

  beforeEach(async () => {
    dir = await temporaryDirectory();
    const { peer, page } = await prepare(dir);
    const catalog = dir.join("catalog.json");
    const ids = Array.from({ length: GAMES }, (_, index) => `game-${index}`);
    const games = ids.map((id) => ({ id, name: `Game ${id}`, description: DESCRIPTION }));
    await writeFile(catalog, JSON.stringify({ format: 1, name: "test", games }));
    for (const id of ids) {
      await mkdir(dir.join("games", id));
      await writeFile(dir.join("games", id, "version.ini"), "20240101\n");
    }
    app = await startApp({ peer: { ...peer, catalog }, page });
    door = await enter(app.address);
    frozen = [];
    const first = await TestPage.open(door);
    await eventually(async () => (await sizeOfList(first)) > 100_000, {
      what: "all games",
      deadlineMs: DEADLINE_MS,
    });
    first.socket.terminate();
    const page2 = await TestPage.open(door);
    snapshotBytes = JSON.stringify(page2.messages[0]).length;
    page2.socket.terminate();
  });

  afterEach(async () => {
    for (const socket of frozen) socket.destroy();
    await app[Symbol.asyncDispose]();
    await dir[Symbol.asyncDispose]();
  });

  async function sizeOfList(page: TestPage): Promise<number> {
    return JSON.stringify(await page.ask({ type: "command", command: { type: "list-games" } })).length;
  }

  async function freeze(count: number): Promise<void> {
    for (let opened = 0; opened < count; opened += 1) frozen.push(await openFrozen(door));
  }

  it("is bounded by pages that do not read what happens, and those are told everything when they do", async () => {
    const count = 6;
    const changes = 75;
    const page = await TestPage.open(door);
    const before = await app.memory();
    await freeze(count);
    for (let change = 0; change < changes; change += 1) {
      const playerName = change === changes - 1 ? "Last of all" : null;
      await page.ask({
        type: "change-settings",
        change: { playerName, language: change % 2 === 0 ? "de" : "en" },
      });
      page.messages.length = 0;
    }
    const after = await app.memory();
    // So that the bound says something: without one they would all wait.
    const bound = count * (MAX_WAITING_BYTES + 2 * snapshotBytes) + BREATHING;
    expect(count * changes * snapshotBytes).toBeGreaterThan(4 * bound);
    expect(after - before).toBeLessThan(bound);
    for (const socket of frozen) {
      let tail = "";
      socket.on("data", (chunk: Buffer) => {
        tail = (tail + chunk.toString("latin1")).slice(-2 * snapshotBytes);
      });
      socket.resume();
      await eventually(() => tail.includes("Last of all"), {
        what: "the last change",
        deadlineMs: DEADLINE_MS,
      });
    }
    page.socket.terminate();
  });

  it("is bounded by a page that asks without end and reads no answer, and it gets all of them when it does", async () => {
    const page = await TestPage.open(door);
    const listBytes = await sizeOfList(page);
    const before = await app.memory();
    await freeze(1);
    const [socket] = frozen;
    const asked = 2_000;
    const list = (id: number): Buffer =>
      frameOf({
        opcode: OPCODE.text,
        payload: `{"type":"command","id":${id},"command":{"type":"list-games"}}`,
      });
    socket?.write(Buffer.concat(Array.from({ length: asked }, (_, index) => list(index + 1_000_000))));
    expect(await sizeOfList(page)).toBeGreaterThan(100_000);
    const bound = MAX_WAITING_BYTES + (MOST_UNANSWERED + 1) * listBytes + BREATHING;
    expect(asked * listBytes).toBeGreaterThan(4 * bound);
    expect((await app.memory()) - before).toBeLessThan(bound);
    const answered = new Set<string>();
    let rest = "";
    socket?.on("data", (chunk: Buffer) => {
      const read = rest + chunk.toString("latin1");
      for (const [, id = ""] of read.matchAll(/"type":"answer","id":(1\d{6}),/gu)) answered.add(id);
      rest = read.slice(-64);
    });
    socket?.resume();
    await eventually(() => answered.size === asked, { what: "all answers", deadlineMs: 2 * DEADLINE_MS });
    page.socket.terminate();
  });

  it("is bounded by a page that pings without end and reads no pong", async () => {
    const page = await TestPage.open(door);
    const before = await app.memory();
    await freeze(1);
    const [socket] = frozen;
    const pings = Buffer.concat(
      Array.from({ length: 1_000 }, () => frameOf({ opcode: OPCODE.ping, payload: "x".repeat(125) })),
    );
    const rounds = 600;
    expect(rounds * pings.length).toBeGreaterThan(3 * BREATHING);
    for (let round = 0; round < rounds && socket?.closed === false; round += 1) {
      if (!socket.write(pings)) await drained(socket);
    }
    expect(await page.ask({ type: "command", command: { type: "status" } })).toMatchObject({
      type: "answer",
    });
    expect((await app.memory()) - before).toBeLessThan(BREATHING);
    page.socket.terminate();
  });
});
