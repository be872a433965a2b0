import { rm } from "node:fs/promises";
import { mdnsDiscovery } from "@lanspread/peer";
import { seededBytes } from "@lanspread/testkit";
import type { Locator, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type RunningApp, startApp } from "../start-app.ts";
import { browserUnavailable, IN_A_BROWSER, startBrowser, type TestBrowser } from "./browser.ts";
import { pacedSocket } from "./paced-socket.ts";
import { createParty, makeGame, type Party, type TestGame } from "./party.ts";

const MIB = 1024 ** 2;
const QUAKE: TestGame = { id: "quake", name: "Quake III Arena", files: { "quake.txt": "fragged" } };
const DOOM: TestGame = { id: "doom", name: "Doom", files: { "doom.wad": seededBytes(2, 15 * MIB) } };

/** Of the slow source, bytes per second: so little that a download takes some seconds. */
const SLOW = 3 * MIB;

/** For steps of a person, on a machine that has other things to do. */
const SOON = { timeout: 30_000 };

const card = (page: Page, { name }: TestGame): Locator => page.getByRole("article", { name });
const action = (page: Page, what: string, { name }: TestGame): Locator =>
  page.getByRole("button", { name: `${what}: ${name}` });

describe.skipIf(browserUnavailable !== undefined)(`a window whose app is killed${IN_A_BROWSER}`, () => {
  let browser: TestBrowser;

  beforeAll(async () => {
    browser = await startBrowser();
  });

  afterAll(() => browser[Symbol.asyncDispose]());

  /** Starts the app; it discovers the other one, as those of a party do. */
  function start({ setup }: Party): Promise<RunningApp> {
    const { discovery: _, ...peer } = setup.peer;
    return startApp({ ...setup, peer });
  }

  async function killAndStart(party: Party, page: Page, app: RunningApp, between?: () => Promise<void>) {
    await app.kill();
    await page.getByRole("status").getByText("lanspread does not answer").waitFor(SOON);
    await between?.();
    const again = await start(party);
    await page.getByText("lanspread does not answer").waitFor({ state: "detached", ...SOON });
    return again;
  }

  // Two starts of an app, and downloads: longer than most where others want the processors.
  it("says so, comes back by itself, and shows what is true then: installed, deleted, half downloaded", {
    timeout: 180_000,
  }, async () => {
    await using party = await createParty(
      [QUAKE, DOOM],
      {},
      { discovery: mdnsDiscovery(), socket: pacedSocket(SLOW) },
    );
    const app = await start(party);
    const page = await browser.open(app.address);
    const opened = page.url();
    await action(page, "Download", QUAKE).click(SOON);
    await action(page, "Play", QUAKE).waitFor(SOON);

    // Killed in the middle of a download: it is no download of this run any more, and nothing of it counts as downloaded.
    await action(page, "Download", DOOM).click(SOON);
    await card(page, DOOM)
      .getByText(/[1-9]\d* %/u)
      .waitFor(SOON);
    const second = await killAndStart(party, page, app);
    await action(page, "Play", QUAKE).waitFor(SOON);
    await action(page, "Download", DOOM).waitFor(SOON);
    expect(await card(page, DOOM).getByRole("progressbar").count()).toBe(0);
    await card(page, DOOM).getByText("Offered").waitFor(SOON);

    // It goes on where it was: less than all of it comes now.
    await action(page, "Download", DOOM).click(SOON);
    await action(page, "Play", DOOM).waitFor(SOON);

    // What is deleted while nobody looks is not shown as installed when somebody does.
    const third = await killAndStart(party, page, second, () =>
      rm(party.dir.join("mine", "games", QUAKE.id), { recursive: true }),
    );
    await action(page, "Download", QUAKE).waitFor(SOON);
    await action(page, "Play", DOOM).waitFor(SOON);

    // And what came in the meantime is.
    const fourth = await killAndStart(party, page, third, () =>
      makeGame(party.dir.join("mine", "games", QUAKE.id), QUAKE),
    );
    await action(page, "Install", QUAKE).waitFor(SOON);
    expect(page.url()).toBe(opened);
    // The page was never loaded anew: the same document has seen all of it.
    expect(await page.evaluate("performance.getEntriesByType('navigation').length")).toBe(1);
    await page.context().close();
    expect(await fourth.stop()).toBe(0);
  });

  it("does what is asked for again, and says what was lost: no click is kept for later", async () => {
    await using party = await createParty([QUAKE], {}, { discovery: mdnsDiscovery() });
    const app = await start(party);
    const page = await browser.open(app.address);
    await action(page, "Download", QUAKE).waitFor(SOON);
    await app.kill();
    await page.getByRole("status").getByText("lanspread does not answer").waitFor(SOON);
    await action(page, "Download", QUAKE).click(SOON);
    await page.getByRole("alert").getByText("connection").first().waitFor(SOON);
    const again = await start(party);
    await page.getByText("lanspread does not answer").waitFor({ state: "detached", ...SOON });
    await action(page, "Download", QUAKE).waitFor(SOON);
    await action(page, "Download", QUAKE).click(SOON);
    await action(page, "Play", QUAKE).waitFor(SOON);
    await page.context().close();
    expect(await again.stop()).toBe(0);
  });

  it.skipIf(process.platform === "win32")(
    "says so where it is stopped (a signal that Windows has not), does nothing then, and goes on with it",
    async () => {
      await using party = await createParty([QUAKE], {}, { discovery: mdnsDiscovery() });
      const app = await start(party);
      const page = await browser.open(app.address);
      await action(page, "Download", QUAKE).waitFor(SOON);
      process.kill(app.pid, "SIGSTOP");
      try {
        const silent = page.getByRole("status").getByText("lanspread does not answer");
        await silent.waitFor(SOON);
        // It is seen by who has scrolled down, and hides nothing that stays in sight.
        await page.setViewportSize({ width: 360, height: 320 });
        await page.evaluate("scrollTo(0, 10_000)");
        const [banner, bar] = [await silent.boundingBox(), await page.locator(".top-bar").boundingBox()];
        expect(await page.evaluate("scrollY")).toBeGreaterThan(100);
        expect(banner?.y).toBe(0);
        expect(bar?.y).toBe(banner?.height);
        await page.setViewportSize({ width: 1280, height: 800 });
        // Nobody has ended it by that.
        await page.getByRole("button", { name: "Menu" }).click(SOON);
        await page.getByRole("menuitem", { name: "Quit" }).click(SOON);
        await page.getByRole("alert").getByText("connection").first().waitFor(SOON);
        expect(await silent.count()).toBe(1);
        await action(page, "Download", QUAKE).click(SOON);
      } finally {
        process.kill(app.pid, "SIGCONT");
      }
      await page.getByText("lanspread does not answer").waitFor({ state: "detached", ...SOON });
      // The click was not kept.
      await action(page, "Download", QUAKE).click(SOON);
      await action(page, "Play", QUAKE).waitFor(SOON);
      expect(app.log.filter((line) => line.includes("a download begins"))).toHaveLength(1);
      expect(await page.evaluate("performance.getEntriesByType('navigation').length")).toBe(1);
      await page.context().close();
      expect(await app.stop()).toBe(0);
    },
  );
});
