import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { DatabaseSync } from "node:sqlite";
import { temporaryDirectory } from "@lanspread/testkit";
import { type BrowserContext, chromium } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ask, createRig, type Rig } from "../support.ts";
import { browserUnavailable, CHROMIUM, FLAGS, IN_A_BROWSER } from "./browser.ts";
import { FOREIGN_PAGE } from "./foreign-page.ts";

/** A name that is no name of this computer, and leads here: what DNS rebinding makes of one. */
const REBOUND = "rebound.example";

/** Addresses in the list that the browser shows: of redirections the last one (`CHAIN_END` of Chromium's transitions). */
const SHOWN_VISITS = `
  SELECT urls.url FROM visits JOIN urls ON urls.id = visits.url WHERE visits.transition & 0x20000000`;

describe.skipIf(browserUnavailable !== undefined)(`a page of somebody else${IN_A_BROWSER}`, () => {
  let rig: Rig;
  let foreign: Server;
  let foreignPort: number;

  beforeAll(async () => {
    rig = await createRig();
    foreign = createServer((_, response) => {
      response.setHeader("Content-Type", "text/html");
      response.end(FOREIGN_PAGE);
    });
    await new Promise<void>((resolve) => foreign.listen(0, "127.0.0.1", resolve));
    foreignPort = (foreign.address() as AddressInfo).port;
  });

  afterAll(async () => {
    foreign.closeAllConnections();
    foreign.close();
    await rig[Symbol.asyncDispose]();
  });

  /** A browser with a window of the app, as its user has it. */
  async function open(profile: string, address: string): Promise<BrowserContext> {
    const context = await chromium.launchPersistentContext(profile, {
      executablePath: CHROMIUM,
      args: [...FLAGS, `--host-resolver-rules=MAP ${REBOUND} 127.0.0.1`],
    });
    const page = context.pages()[0] ?? (await context.newPage());
    await page.goto(address);
    expect(await page.title()).toBe("lanspread");
    return context;
  }

  it.each([
    ["another port of this computer, which the browser takes for the same site", "127.0.0.1"],
    ["another name of this computer", "localhost"],
    ["the internet", REBOUND],
  ])("gets nothing and changes nothing, from %s", async (_, host) => {
    await using profile = await temporaryDirectory();
    const desktop = await rig.start();
    const context = await open(profile.path, desktop.openAddress());
    const shell = new URL(desktop.openAddress()).origin;
    try {
      const page = await context.newPage();
      const statuses: [string, number][] = [];
      const asked: string[] = [];
      page.on("request", (request) => {
        if (request.url().startsWith(shell)) asked.push(request.method());
      });
      page.on("response", (response) => {
        if (response.url().startsWith(shell)) statuses.push([response.url(), response.status()]);
      });
      await page.goto(`http://${host}:${foreignPort}/`);
      expect(await page.evaluate(`tryEverything("${shell}")`)).toEqual([]);
      expect(asked.length).toBeGreaterThan(10);
      const leave = async (script: string): Promise<void> => {
        const [response] = await Promise.all([page.waitForNavigation(), page.evaluate(script)]);
        expect(response?.url().startsWith(shell)).toBe(true);
        expect(response?.status()).toBe(403);
        await page.goto(`http://${host}:${foreignPort}/`);
      };
      await leave(`sendForm("${shell}/socket", "post")`);
      await leave(`sendForm("${shell}/", "get")`);
      await leave(`location.assign("${shell}/")`);
      expect(statuses.length).toBeGreaterThan(3);
      expect(statuses.filter(([, status]) => status < 400)).toEqual([]);
      expect(desktop.host.snapshot().settings).toEqual({});
      expect(desktop.connections).toBe(0);
    } finally {
      await context.close();
      await desktop[Symbol.asyncDispose]();
    }
  });

  it("cannot come by a name that was made to lead to this computer", async () => {
    await using profile = await temporaryDirectory();
    const desktop = await rig.start();
    const address = new URL(desktop.openAddress());
    const context = await open(profile.path, desktop.openAddress());
    try {
      const page = await context.newPage();
      const rebound = `http://${REBOUND}:${address.port}`;
      for (const path of ["/", "/assets/app-1a2b.js", `/?${address.searchParams}`]) {
        const response = await page.goto(`${rebound}${path}`);
        expect(response?.status(), path).toBe(403);
      }
      expect(await context.cookies(rebound)).toEqual([]);
    } finally {
      await context.close();
      await desktop[Symbol.asyncDispose]();
    }
  });

  it("learns no address: the token is in no history that is shown, no referrer and no log", async () => {
    await using profile = await temporaryDirectory();
    const desktop = await rig.start();
    const address = desktop.openAddress();
    const { origin } = new URL(address);
    const token = new URL(address).searchParams.get("token") ?? "";
    const context = await open(profile.path, address);
    const page = context.pages()[0];
    if (page === undefined) throw new Error("no page");
    const referrers: (string | undefined)[] = [];
    page.on("request", (request) => referrers.push(request.headers()["referer"]));
    const seen: object = await page.evaluate(`({
      address: location.href,
      referrer: document.referrer,
      cookies: document.cookie,
      entries: JSON.stringify(performance.getEntries()),
    })`);
    expect(seen).toMatchObject({ address: `${origin}/`, referrer: "", cookies: "" });
    expect(JSON.stringify(seen)).not.toContain(token);
    await page.reload();
    await page.goto(`http://127.0.0.1:${foreignPort}/`);
    expect(await page.evaluate("document.referrer")).toBe("");
    await page.goBack();
    expect(page.url()).toBe(`${origin}/`);
    expect(referrers.length).toBeGreaterThan(2);
    expect(referrers.filter((referrer) => referrer !== undefined)).toEqual([]);
    await context.close();
    const history = new DatabaseSync(profile.join("Default", "History"), { readOnly: true });
    const shown = history.prepare(SHOWN_VISITS).all();
    history.close();
    expect(JSON.stringify(shown)).toContain(origin);
    expect(JSON.stringify(shown)).not.toContain(token);
    // Where the browser keeps it for itself, as a step of a redirection, it is of no use to anybody.
    expect((await ask(address)).status).toBe(401);
    expect(JSON.stringify(rig.log)).not.toContain(token);
    await desktop[Symbol.asyncDispose]();
  });
});
