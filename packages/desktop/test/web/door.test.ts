import { createServer } from "node:http";
import { describe, expect, it, vi } from "vitest";
import { WebSocket } from "ws";
import { MAX_MESSAGE_BYTES, MOST_PAGES, TOKEN_LIFETIME_MS } from "../../shell/constants.ts";
import { ask, createRig, enter, TestPage } from "../support.ts";

/** The status that a socket is refused with. */
function refusalOf(origin: string, headers: Record<string, string>, path = "/socket"): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  const socket = new WebSocket(`${origin.replace("http", "ws")}${path}`, { headers });
  socket.once("unexpected-response", (request, response) => {
    resolve(response.statusCode ?? 0);
    request.destroy();
  });
  socket.once("open", () => reject(new Error("it was let in")));
  socket.on("error", () => {});
  return promise;
}

describe("the app's door", () => {
  it("turns the opened address into a session, once", async () => {
    await using rig = await createRig();
    const desktop = await rig.start();
    const address = desktop.openAddress();
    const entered = await ask(address);
    expect(entered.status).toBe(303);
    expect(entered.headers.location).toBe("/");
    expect(entered.headers["set-cookie"]).toEqual([
      expect.stringMatching(/^lanspread-\d+-session=[\w-]{43}; Path=\/; HttpOnly; SameSite=Strict$/u),
    ]);
    const stolen = await ask(address);
    expect(stolen.status).toBe(401);
    expect(stolen.headers["set-cookie"]).toBeUndefined();
    expect((await ask(desktop.openAddress())).status).toBe(303);
  });

  it("opens nothing by an address after its time, whoever has kept it", async () => {
    await using rig = await createRig();
    const desktop = await rig.start();
    const [early, late] = [desktop.openAddress(), desktop.openAddress()];
    const now = performance.now.bind(performance);
    const clock = vi.spyOn(performance, "now").mockImplementation(() => now() + TOKEN_LIFETIME_MS - 20_000);
    try {
      expect((await ask(early)).status).toBe(303);
      clock.mockImplementation(() => now() + TOKEN_LIFETIME_MS);
      expect((await ask(late)).status).toBe(401);
    } finally {
      clock.mockRestore();
    }
    expect((await ask(desktop.openAddress())).status).toBe(303);
  });

  it("keeps its session where it keeps its port, and no session that the new owner of its port may know", async () => {
    await using rig = await createRig();
    const first = await rig.start();
    const { origin, cookie } = await enter(first.openAddress());
    await first[Symbol.asyncDispose]();
    const second = await rig.start();
    expect((await ask(`${origin}/`, { cookie })).status).toBe(200);
    await second[Symbol.asyncDispose]();

    const squatter = createServer((_, response) => response.end("mine now"));
    await new Promise<void>((resolve) => squatter.listen(Number(new URL(origin).port), "127.0.0.1", resolve));
    try {
      const moved = await enter((await rig.start()).openAddress());
      expect(moved.origin).not.toBe(origin);
      // What the squatter was sent is no key to the new door, under its name neither.
      const [name] = moved.cookie.split("=");
      const [, known] = cookie.split("=");
      for (const stolen of [cookie, `${name}=${known}`])
        expect((await ask(`${moved.origin}/`, { cookie: stolen })).status).toBe(401);
      expect((await ask(`${moved.origin}/`, { cookie: moved.cookie })).status).toBe(200);
    } finally {
      squatter.close();
    }
  });

  it("has a cookie of its own where one browser shows two apps", async () => {
    await using rig = await createRig();
    await using other = await createRig();
    const [one, two] = [
      await enter((await rig.start()).openAddress()),
      await enter((await other.start()).openAddress()),
    ];
    // A browser sends both to both: the port is nothing to a cookie.
    const cookie = `${one.cookie}; ${two.cookie}`;
    for (const { origin } of [one, two]) expect((await ask(`${origin}/`, { cookie })).status).toBe(200);
    expect((await ask(`${one.origin}/`, { cookie: two.cookie })).status).toBe(401);
  });

  it("serves the page to who has the session, with headers that keep everybody else out", async () => {
    await using rig = await createRig();
    const { origin, cookie } = await enter((await rig.start()).openAddress());
    const page = await ask(`${origin}/`, { cookie });
    expect([page.status, page.body]).toEqual([200, "<!doctype html><title>lanspread</title>"]);
    expect(page.headers["content-security-policy"]).toMatch(/default-src 'none';.*frame-ancestors 'none'/u);
    expect(page.headers["x-content-type-options"]).toBe("nosniff");
    const script = await ask(`${origin}/assets/app-1a2b.js`, { cookie });
    expect(script.headers["content-type"]).toBe("text/javascript; charset=utf-8");
    expect(script.headers["cache-control"]).toContain("immutable");
    const again = await ask(`${origin}/`, { cookie, "if-none-match": String(page.headers["etag"]) });
    expect([again.status, again.body]).toEqual([304, ""]);
    for (const refused of [
      await ask(`${origin}/`),
      await ask(`${origin}/`, { cookie: `${cookie.split("=")[0]}=x` }),
    ]) {
      expect(refused.status).toBe(401);
      expect(refused.headers["content-security-policy"]).toBe(page.headers["content-security-policy"]);
    }
  });

  it("refuses other names, other pages and other methods", async () => {
    await using rig = await createRig();
    const { origin, cookie } = await enter((await rig.start()).openAddress());
    const status = async (headers: Record<string, string>, method?: string): Promise<number> =>
      (await ask(`${origin}/`, { cookie, ...headers }, method)).status;
    expect(await status({ host: "evil.example" })).toBe(403);
    expect(await status({ origin: "https://evil.example" })).toBe(403);
    expect(await status({ "sec-fetch-site": "cross-site" })).toBe(403);
    expect(await status({}, "POST")).toBe(405);
    expect(await status({})).toBe(200);
    expect(await refusalOf(origin, { cookie })).toBe(403);
    expect(await refusalOf(origin, { origin })).toBe(401);
    expect(await refusalOf(origin, { cookie, origin: "https://evil.example" })).toBe(403);
    expect(await refusalOf(origin, { cookie, origin, host: "evil.example" })).toBe(403);
    expect(await refusalOf(origin, { cookie, origin }, "/other")).toBe(404);
  });

  it("ends a connection that sends what no page sends, and serves the others", async () => {
    await using rig = await createRig();
    const door = await enter((await rig.start()).openAddress());
    const good = await TestPage.open(door);
    for (const message of [
      "",
      "null",
      "{}",
      `{"type":"command"}`,
      "x".repeat(MAX_MESSAGE_BYTES + 1),
      Buffer.of(1),
    ]) {
      const bad = await TestPage.open(door);
      const closed = new Promise<number>((resolve) => bad.socket.once("close", resolve));
      bad.socket.send(message);
      expect([1003, 1008, 1009]).toContain(await closed);
    }
    expect(await good.ask({ type: "command", command: { type: "status" } })).toMatchObject({
      type: "answer",
    });
    good.socket.terminate();
  });

  it("has room for some windows, and serves those however many more are asked for", async () => {
    await using rig = await createRig();
    const door = await enter((await rig.start()).openAddress());
    const pages = await Promise.all(Array.from({ length: MOST_PAGES }, () => TestPage.open(door)));
    const headers = { cookie: door.cookie, origin: door.origin };
    const refused = await Promise.all(Array.from({ length: 200 }, () => refusalOf(door.origin, headers)));
    expect(new Set(refused)).toEqual(new Set([503]));
    expect(await pages[0]?.ask({ type: "command", command: { type: "status" } })).toMatchObject({
      type: "answer",
    });
    for (const { socket } of pages) socket.terminate();
  });
});
