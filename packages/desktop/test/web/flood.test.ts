import { readFile } from "node:fs/promises";
import type { Socket } from "node:net";
import { eventually, type TemporaryDirectory, temporaryDirectory } from "@lanspread/testkit";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { MOST_CONNECTIONS, MOST_PAGES, SHELL_HOST } from "../../shell/constants.ts";
import { type RunningApp, startApp } from "../start-app.ts";
import { ask, DEADLINE_MS, enter, prepare, TestPage } from "../support.ts";
import { dial, requestOf } from "./raw.ts";

/** More than the shell keeps, and than some systems let a program have. */
const MANY = 1_500;

describe("the app, when many come at once", () => {
  let dir: TemporaryDirectory;
  let app: RunningApp;
  let door: Awaited<ReturnType<typeof enter>>;
  let sockets: Socket[];

  beforeEach(async () => {
    dir = await temporaryDirectory();
    app = await startApp(await prepare(dir));
    door = await enter(app.address);
    sockets = [];
  });

  afterEach(async () => {
    for (const socket of sockets) socket.destroy();
    await app[Symbol.asyncDispose]();
    await dir[Symbol.asyncDispose]();
  });

  /** Opens connections that each say this first, and are never closed from here. */
  async function flood(bytes: string): Promise<void> {
    for (let opened = 0; opened < MANY; opened += 100) {
      const more = await Promise.all(Array.from({ length: 100 }, () => dial(door.origin)));
      for (const socket of more) socket.write(bytes);
      sockets.push(...more);
    }
  }

  /** Connections that the app has, as the system knows. */
  async function openInApp(): Promise<number> {
    const port = Number(new URL(door.origin).port).toString(16).toUpperCase().padStart(4, "0");
    const lines = (await readFile("/proc/net/tcp", "utf8")).split("\n");
    // Local address first, and then who it is connected with; 01 is an established connection, 08 one that the other side closed.
    return lines.filter((line) => new RegExp(`^ *\\d+: 0100007F:${port} \\S+ (?:01|08) `, "u").test(line))
      .length;
  }

  async function expectServing(): Promise<void> {
    expect((await ask(`${door.origin}/`, { cookie: door.cookie })).status).toBe(200);
    const page = await TestPage.open(door);
    expect(await page.ask({ type: "command", command: { type: "status" } })).toMatchObject({
      type: "answer",
    });
    page.socket.terminate();
  }

  it.each([
    ["say nothing", ""],
    ["never end their headers", `GET / HTTP/1.1\r\nHost: ${SHELL_HOST}\r\nX-Slow: `],
    ["never send what they announce", "POST / HTTP/1.1\r\nContent-Length: 1000\r\n\r\nx"],
    ["have no session", "GET /socket HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"],
  ])("keeps few connections of those that %s, and serves its page", async (_, bytes) => {
    // So that a bound is met at all.
    expect(MANY).toBeGreaterThan(2 * MOST_CONNECTIONS);
    const page = await TestPage.open(door);
    await flood(bytes);
    await eventually(async () => (await openInApp()) <= MOST_CONNECTIONS + 1, {
      what: "an end of most connections",
      deadlineMs: DEADLINE_MS,
    });
    await expectServing();
    expect(await page.ask({ type: "command", command: { type: "status" } })).toMatchObject({
      type: "answer",
    });
    page.socket.terminate();
    expect(await app.stop()).toBe(0);
  });

  it("ends requests that never end, however slowly they go on", async () => {
    const slow = await dial(door.origin);
    sockets.push(slow);
    const chunks: Buffer[] = [];
    slow.on("data", (chunk: Buffer) => chunks.push(chunk));
    slow.write("GET / HTTP/1.1\r\n");
    const dripping = setInterval(() => slow.write("X-Slow: y\r\n"), 100);
    try {
      await eventually(() => slow.closed, { what: "an end of the request", deadlineMs: 2 * DEADLINE_MS });
    } finally {
      clearInterval(dripping);
    }
    const said = Buffer.concat(chunks).toString();
    expect(said).toMatch(/^HTTP\/1\.1 408 /u);
    expect(said).toContain("Content-Security-Policy: default-src 'none'");
  });

  it("opens few sockets for pages, of which one that nobody reads from is no trouble to others", async () => {
    const host = new URL(door.origin).host;
    const lines = [`Host: ${host}`, `Origin: ${door.origin}`, `Cookie: ${door.cookie}`];
    const key = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==";
    const upgrade = ["Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13", key];
    await flood(requestOf("GET /socket HTTP/1.1", [...lines, ...upgrade]));
    await eventually(async () => (await openInApp()) <= MOST_PAGES, {
      what: "an end of all but the pages' sockets",
      deadlineMs: DEADLINE_MS,
    });
    expect((await ask(`${door.origin}/`, { cookie: door.cookie })).status).toBe(200);
    for (const socket of sockets) socket.destroy();
    await eventually(async () => (await openInApp()) === 0, { what: "their end", deadlineMs: DEADLINE_MS });
    await expectServing();
  });

  it("ends though connections stay that it has refused or not yet heard", async () => {
    const bytes = [
      "GET /socket HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
      "GET / HTTP/1.1\r\n",
      "",
    ];
    for (const first of bytes) {
      const socket = await dial(door.origin, { allowHalfOpen: true });
      sockets.push(socket);
      socket.write(first);
    }
    expect(await app.stop()).toBe(0);
  });

  it("is reached at this computer's own address alone", async () => {
    const { port } = new URL(door.origin);
    for (const host of ["127.0.0.2", "[::1]"]) {
      await expect(dial(`http://${host}:${port}`)).rejects.toThrow(/ECONNREFUSED|EADDRNOTAVAIL/u);
    }
    const hex = Number(port).toString(16).toUpperCase().padStart(4, "0");
    const listening = async (file: string): Promise<string[]> =>
      (await readFile(file, "utf8"))
        .split("\n")
        .filter((line) => new RegExp(`:${hex} \\S+ 0A `, "u").test(line));
    expect(await listening("/proc/net/tcp6")).toEqual([]);
    const own = await listening("/proc/net/tcp");
    expect(own).toHaveLength(1);
    expect(own[0]).toContain("0100007F:");
  });
});
