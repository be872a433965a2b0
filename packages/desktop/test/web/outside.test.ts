import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { SECURITY_HEADERS } from "../../shell/door/headers.ts";
import type { Desktop } from "../../shell/index.ts";
import { ask, createRig, enter, type Rig } from "../support.ts";
import { type RawAnswer, requestOf, say } from "./raw.ts";

/** What a browser sends to open a socket. */
const UPGRADE = [
  "Connection: Upgrade",
  "Upgrade: websocket",
  "Sec-WebSocket-Version: 13",
  "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
];

describe("the app's door, from outside", () => {
  let rig: Rig;
  let desktop: Desktop;
  let origin: string;
  let cookie: string;
  let host: string;
  let port: string;

  beforeAll(async () => {
    rig = await createRig();
    desktop = await rig.start();
    ({ origin, cookie } = await enter(desktop.openAddress()));
    ({ host, port } = new URL(origin));
  });

  afterAll(() => rig[Symbol.asyncDispose]());

  /** A page's request for a path as it is, with everything that it has to show; lines come last. */
  function get(target: string, lines: readonly string[] = [`Host: ${host}`], method = "GET") {
    const all = [...lines, `Cookie: ${cookie}`, "Connection: close"];
    return say(origin, requestOf(`${method} ${target} HTTP/1.1`, all));
  }

  /** The same for the page's socket. */
  function upgrade(lines: readonly string[], target = "/socket") {
    return say(origin, requestOf(`GET ${target} HTTP/1.1`, [...lines, `Cookie: ${cookie}`, ...UPGRADE]));
  }

  function expectSafe(answer: RawAnswer): void {
    for (const [name, value] of Object.entries(SECURITY_HEADERS)) {
      expect(answer.headers.get(name.toLowerCase()), name).toBe(value);
    }
  }

  it("answers its own page, so that what follows is refused for what it says", async () => {
    const page = await get("/");
    expect(page.status).toBe(200);
    expectSafe(page);
    const head = await get("/", [`Host: ${host}`], "HEAD");
    expect(head.status).toBe(200);
    expect(head.text).toMatch(/\r\n\r\n$/u);
  });

  it.each([
    ["evil.example", "a name of somebody"],
    ["evil.example:PORT", "a name that was made to lead here"],
    ["localhost", "localhost"],
    ["localhost:PORT", "localhost with the port"],
    ["LOCALHOST:PORT", "in upper case"],
    ["127.0.0.1", "no port"],
    ["127.0.0.1:80", "another port"],
    ["127.0.0.1:0PORT", "the port with a nought before it"],
    ["127.0.0.1.:PORT", "a dot behind it"],
    ["127.0.0.1:PORT.", "a dot behind the port"],
    ["user@127.0.0.1:PORT", "a user before it"],
    ["evil.example@127.0.0.1:PORT", "a name before it"],
    ["127.0.0.1:PORT@evil.example", "a name behind it"],
    ["127.0.0.1:PORT, evil.example", "a list"],
    ["127.0.0.1:PORT/", "a path"],
    ["127.1:PORT", "the address in short"],
    ["2130706433:PORT", "the address as a number"],
    ["0x7f.0.0.1:PORT", "the address in another base"],
    ["127.0.0.2:PORT", "another address of this computer"],
    ["0.0.0.0:PORT", "the address that means any"],
    ["[::1]:PORT", "this computer by IPv6"],
    ["[::ffff:127.0.0.1]:PORT", "this address by IPv6"],
    ["[::ffff:7f00:1]:PORT", "this address by IPv6 in figures"],
    ["127.0.0.1.nip.io:PORT", "a name that says the address"],
    ["", "nothing"],
  ])("refuses the Host %j: %s", async (written) => {
    const line = `Host: ${written.replace("PORT", port)}`;
    for (const answer of [await get("/", [line]), await upgrade([line, `Origin: ${origin}`])]) {
      expect(answer.status).toBe(403);
      expectSafe(answer);
    }
  });

  it.each([
    "null",
    "https://127.0.0.1:PORT",
    "http://127.0.0.1",
    "http://127.0.0.1:1",
    "http://localhost:PORT",
    "http://127.0.0.1:PORT/",
    "http://127.0.0.1:PORT.evil.example",
    "http://evil.example",
    "HTTP://127.0.0.1:PORT",
    "http://user@127.0.0.1:PORT",
    "chrome-extension://abcdefghijklmnop",
    "file://",
    "",
  ])("refuses the Origin %j", async (written) => {
    const lines = [`Host: ${host}`, `Origin: ${written.replace("PORT", port)}`];
    for (const answer of [await get("/", lines), await upgrade(lines)]) {
      expect(answer.status).toBe(403);
      expectSafe(answer);
    }
  });

  it("refuses what says something twice: the one that counts for others may be the foreign one", async () => {
    const [name = ""] = cookie.split("=");
    const both = [`Host: ${host}`, `Origin: ${origin}`];
    const twice: [string, number][] = [
      ["Host: evil.example", 403],
      [`Host: ${host}`, 403],
      ["Origin: http://evil.example", 403],
      [`Origin: ${origin}`, 403],
      ["Sec-Fetch-Site: cross-site\r\nSec-Fetch-Site: same-origin", 403],
      [`Cookie: ${name}=x`, 401],
      [`Cookie: ${cookie}`, 401],
    ];
    for (const [line, status] of twice) {
      for (const lines of [
        [...both, line],
        [line, ...both],
      ]) {
        for (const answer of [await get("/", lines), await upgrade(lines)]) {
          expect(answer.status, line).toBe(status);
          expectSafe(answer);
        }
      }
    }
  });

  it("refuses who shows no session, or another one", async () => {
    const [name = "", value = ""] = cookie.split("=");
    const wrong = [
      "Cookie: ",
      `Cookie: ${name}`,
      `Cookie: ${name}=`,
      `Cookie: ${name}=${"A".repeat(43)}`,
      `Cookie: ${name}=${value.slice(0, -1)}`,
      `Cookie: ${name}=${value}A`,
      `Cookie: ${name}="${value}"`,
      `Cookie: ${name}=${value}%20`,
      `Cookie: ${name} =${value}`,
      `Cookie: ${name.toUpperCase()}=${value}`,
      `Cookie: x-${name}=${value}`,
      `Cookie2: ${cookie}`,
      `Authorization: Bearer ${value}`,
    ];
    for (const line of wrong) {
      const common = [`Host: ${host}`, `Origin: ${origin}`, line];
      for (const lines of [
        [...common, "Connection: close"],
        [...common, ...UPGRADE],
      ]) {
        const answer = await say(origin, requestOf(`GET /socket HTTP/1.1`, lines));
        expect(answer.status, line).toBe(401);
        expect(answer.headers.has("set-cookie")).toBe(false);
        expectSafe(answer);
      }
    }
  });

  it.each(["POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND", "M-SEARCH"])(
    "does nothing for %s, with a session and without",
    async (method) => {
      const bare = requestOf(`${method} / HTTP/1.1`, [`Host: ${host}`, "Connection: close"]);
      for (const answer of [await get("/", [`Host: ${host}`], method), await say(origin, bare)]) {
        expect(answer.status).toBe(405);
        expectSafe(answer);
        expect([...answer.headers.keys()].filter((name) => name.startsWith("access-control"))).toEqual([]);
      }
    },
  );

  it("closes the connection of who sends more than is read", async () => {
    const lines = [`Host: ${host}`, `Cookie: ${cookie}`, "Content-Length: 1000000000"];
    const answer = await say(origin, `${requestOf("POST / HTTP/1.1", lines)}${"x".repeat(100_000)}`);
    expect([0, 405]).toContain(answer.status);
  });

  it("uses up no token for HEAD, for another method, or for a foreign page", async () => {
    const address = new URL(desktop.openAddress());
    const target = `${address.pathname}${address.search}`;
    const tries: [string, string[]][] = [
      ["HEAD", []],
      ["POST", []],
      ["OPTIONS", []],
      ["GET", ["Origin: http://evil.example"]],
      ["GET", ["Sec-Fetch-Site: cross-site"]],
      ["GET", ["Host: evil.example"]],
      ["GET", UPGRADE],
    ];
    for (const [method, lines] of tries) {
      const sent = requestOf(`${method} ${target} HTTP/1.1`, [
        `Host: ${host}`,
        ...lines,
        "Connection: close",
      ]);
      expect((await say(origin, sent)).status).toBeGreaterThanOrEqual(400);
    }
    const entered = await ask(address.href);
    expect(entered.status).toBe(303);
    expect(entered.headers["cache-control"]).toBe("no-store");
    expect(entered.headers["referrer-policy"]).toBe("no-referrer");
    expect(JSON.stringify(entered.headers)).not.toContain(address.searchParams.get("token"));
  });

  it.each([
    "/..",
    "/../page/index.html",
    "/..%2fstate%2fdesktop.json",
    "/assets/../../state/identity/key.pem",
    "/desktop.json",
    "/index.html/",
    "/covers/",
    "/covers/..",
    "/covers/../../state/desktop-door.json",
    "/covers/%2e%2e%2fcatalog.json",
    "/covers/quake%00.png",
    "/covers//etc/passwd",
    "/covers/__proto__",
    "/../state/identity/key.pem",
    "/%2e%2e/state/desktop-door.json",
    "/%2E%2E%2Fstate%2Fdesktop-door.json",
    "/.%2e/state/desktop-door.json",
    "/assets/..%5c..%5cstate%5cdesktop-door.json",
    "/assets\\..\\..\\state\\desktop-door.json",
    "/..\\state\\desktop-door.json",
    "/%00",
    "/index.html%00",
    "/index.html%00.js",
    "//",
    "//evil",
    "//evil.example/",
    "///index.html",
    "/./index.html",
    "/assets//app-1a2b.js",
    "/assets/./app-1a2b.js",
    "/assets/",
    "/assets",
    "/INDEX.HTML",
    "/index.html.",
    "/index.html::$DATA",
    "/index.html;x",
    "/index.html#x",
    "/C:/Windows/win.ini",
    "/proc/self/environ",
    "/__proto__",
    "/constructor",
    "/.git/config",
    "/%c0%ae%c0%ae/etc/passwd",
    "/%",
  ])("has nothing at %s", async (target) => {
    const answer = await get(target);
    expect(answer.status).toBe(404);
    expectSafe(answer);
    expect(answer.text).not.toContain("<title>");
  });

  it.each([
    ["an address whole, of the own page", "GET http://HOST/ HTTP/1.1", 400],
    ["an address whole, of another one", "GET http://evil.example/ HTTP/1.1", 400],
    ["the token behind an address whole", "GET http://HOST/?token=x HTTP/1.1", 400],
    ["no path", "GET ?token=x HTTP/1.1", 400],
    ["a star", "OPTIONS * HTTP/1.1", 405],
    ["two slashes as a host", "GET //HOST/?token=x HTTP/1.1", 404],
    ["a tunnel", "CONNECT HOST HTTP/1.1", 0],
    ["a tunnel to somebody", "CONNECT evil.example:443 HTTP/1.1", 0],
    ["an older protocol", "GET /other HTTP/1.0", 404],
    ["no protocol", "GET /other", 404],
    ["HTTP/2 without asking", "PRI * HTTP/2.0", 400],
    ["an unknown method", "BREW / HTTP/1.1", 400],
    ["a byte that no address has", "GET /\u0001 HTTP/1.1", 400],
    ["a space in the address", "GET / / HTTP/1.1", 400],
  ])("takes %s for no page", async (_, first, status) => {
    const lines = [`Host: ${host}`, `Cookie: ${cookie}`, "Connection: close"];
    const answer = await say(origin, requestOf(first.replace("HOST", host), lines));
    expect(answer.status).toBe(status);
    if (status !== 0) expectSafe(answer);
  });

  it.each([
    ["a length and chunks", ["Content-Length: 4", "Transfer-Encoding: chunked"]],
    ["two lengths", ["Content-Length: 4", "Content-Length: 5"]],
    ["a length that is none", ["Content-Length: +4"]],
    ["a negative length", ["Content-Length: -1"]],
    ["an unknown coding", ["Transfer-Encoding: chunked, identity"]],
    ["a coding that hides", ["Transfer-Encoding : chunked"]],
    ["a folded line", ["X-Folded: a", " Transfer-Encoding: chunked"]],
    ["a line without a name", [": x"]],
    ["a bare line feed", ["X-A: b\nTransfer-Encoding: chunked"]],
    ["a nought in a value", ["X-A: b\u0000c"]],
    ["headers without end", [`X-A: ${"b".repeat(20_000)}`]],
    ["thousands of headers", Array.from({ length: 3_000 }, (_, index) => `X-${index}: y`)],
  ])("smuggles nothing in by %s", async (_, lines) => {
    const hidden = requestOf("GET /assets/app-1a2b.js HTTP/1.1", [`Host: ${host}`, `Cookie: ${cookie}`]);
    const sent = `${requestOf("POST /other HTTP/1.1", [`Host: ${host}`, ...lines])}0\r\n\r\n${hidden}`;
    const answer = await say(origin, sent);
    expect(answer.status).toBeGreaterThanOrEqual(400);
    expectSafe(answer);
    expect(answer.text).not.toContain("export {}");
    expect(answer.text.match(/HTTP\/1\.1 /gu)).toHaveLength(1);
  });

  it("expects nothing, and says so with the headers of every answer", async () => {
    const answer = await get("/other", [`Host: ${host}`, "Expect: miracles"]);
    expect(answer.status).toBe(404);
    expectSafe(answer);
  });

  it.each([
    ["no key", UPGRADE.filter((line) => !line.includes("-Key"))],
    ["a key that is none", [...UPGRADE.filter((line) => !line.includes("-Key")), "Sec-WebSocket-Key: x"]],
    [
      "another version",
      [...UPGRADE.filter((line) => !line.includes("-Version")), "Sec-WebSocket-Version: 99"],
    ],
    ["another protocol", ["Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAMAAABk"]],
    ["a list of protocols that is none", [...UPGRADE, "Sec-WebSocket-Protocol: ,,"]],
  ])("opens no socket with %s", async (_, lines) => {
    const all = [`Host: ${host}`, `Origin: ${origin}`, `Cookie: ${cookie}`, ...lines];
    const answer = await say(origin, requestOf("GET /socket HTTP/1.1", all));
    expect(answer.status).toBe(400);
    expectSafe(answer);
  });

  it("says no word of the token in its log", async () => {
    const address = new URL(desktop.openAddress());
    await ask(address.href);
    await ask(address.href);
    const session = cookie.slice(cookie.indexOf("=") + 1);
    const log = JSON.stringify(rig.log);
    expect(log.length).toBeGreaterThan(100);
    expect(log).not.toContain(address.searchParams.get("token"));
    expect(log).not.toContain(session);
  });
});
