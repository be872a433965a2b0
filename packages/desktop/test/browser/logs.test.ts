import { AxeBuilder } from "@axe-core/playwright";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Desktop } from "../../shell/index.ts";
import { browserUnavailable, IN_A_BROWSER, startBrowser, type TestBrowser } from "./browser.ts";
import { createParty, type TestGame } from "./party.ts";

const QUAKE: TestGame = {
  id: "quake",
  name: "Quake III Arena",
  files: { "quake.txt": "fragged", "maps/q3dm17.bsp": "map", "maps/q3dm6.bsp": "map" },
};

/** For steps of a person, on a machine that has other things to do. */
const SOON = { timeout: 30_000 };

async function openLogs(
  browser: TestBrowser,
  desktop: Desktop,
  width = 1280,
  locale = "en-US",
): Promise<Page> {
  const page = await browser.open(`${desktop.openAddress()}#/logs`, { width, locale });
  await page.locator(".log-rows li").first().waitFor(SOON);
  return page;
}

function row(page: Page, text: string) {
  return page.locator(".log-rows li", { hasText: text });
}

/** Ends of the texts that can be seen, in their order. */
async function seen(page: Page): Promise<string[]> {
  const texts = await page.locator(".log-rows li span").allInnerTexts();
  return texts.map((text) => text.trim());
}

async function hears(page: Page, text: string): Promise<void> {
  await row(page, text).first().waitFor(SOON);
}

describe.skipIf(browserUnavailable !== undefined)(`the logs${IN_A_BROWSER}`, () => {
  let browser: TestBrowser;

  beforeAll(async () => {
    browser = await startBrowser();
  });

  afterAll(() => browser[Symbol.asyncDispose]());

  it("show what was said before and what is said now, each line once, also behind a lost connection", async () => {
    await using party = await createParty([QUAKE]);
    const desktop = await party.start();
    const { logger } = desktop;
    for (let number = 1; number <= 3; number++) logger.info(`before ${number};`);
    const page = await openLogs(browser, desktop);
    // High enough for every line that somebody may say besides.
    await page.setViewportSize({ width: 1_280, height: 3_000 });
    await hears(page, "before 3;");
    await hears(page, "somebody came");
    logger.warn("now 1;");
    await hears(page, "now 1;");
    expect(await row(page, "now 1;").locator("b").textContent()).toBe("warning");

    await page.context().setOffline(true);
    await page.evaluate("location.hash = '#/library'");
    logger.info("meanwhile 1;");
    await page.context().setOffline(false);
    await page.evaluate("location.hash = '#/logs'");
    await hears(page, "meanwhile 1;");

    await desktop[Symbol.asyncDispose]();
    await page.getByText("lanspread does not answer").waitFor(SOON);
    const again = await party.start();
    again.logger.info("after 1;");
    await hears(page, "after 1;");
    await row(page, "lanspread was started anew").waitFor(SOON);
    const own = (await seen(page)).filter((text) => /^(?:before|now|meanwhile|after) \d;$/u.test(text));
    expect(own).toEqual(["before 1;", "before 2;", "before 3;", "now 1;", "meanwhile 1;", "after 1;"]);
    expect(browser.complaints.filter((text) => !text.includes("ERR_"))).toEqual([]);
  });

  it("tell what was unpacked, entry by entry", async () => {
    await using party = await createParty([QUAKE]);
    const desktop = await party.start();
    const page = await openLogs(browser, desktop);
    await page.getByRole("button", { name: "Unpacking" }).click();
    await page.getByText("Nothing was unpacked since").waitFor(SOON);
    await desktop.host.peer.send({
      type: "download-game-files",
      gameId: QUAKE.id as never,
      install: true,
      latest: false,
    });
    await hears(page, "the archive is unpacked");
    for (const path of ["quake.txt", "maps/q3dm17.bsp"]) await hears(page, `path=${path}`);
    expect(await row(page, "an archive is unpacked").textContent()).toContain("archive=game.eti entries=3");
    await page.getByRole("button", { name: "Application" }).click();
    await hears(page, "a game is installed");
    expect(await row(page, "path=quake.txt").count()).toBe(0);
  });

  it("can be searched by words and by patterns, and by level", async () => {
    await using party = await createParty([]);
    const desktop = await party.start();
    const { logger } = desktop;
    const page = await openLogs(browser, desktop);
    for (const number of [1, 22, 333]) logger.info("counted", { number });
    logger.error("broken", { number: 4444 });
    await hears(page, "number=4444");
    const search = page.getByRole("searchbox", { name: "Search the log" });
    await page.keyboard.press("/");
    await page.keyboard.type("COUNTED 22");
    await expect.poll(() => seen(page), SOON).toEqual(["counted number=22"]);
    await page.getByRole("button", { name: "regular expression" }).click();
    await search.fill("number=\\d{3,}$");
    await expect.poll(() => seen(page), SOON).toEqual(["counted number=333", "broken number=4444"]);
    logger.info("counted", { number: 55_555 });
    await hears(page, "number=55555");
    await page.getByRole("combobox", { name: "Level" }).selectOption("error");
    await expect.poll(() => seen(page), SOON).toEqual(["broken number=4444"]);
    await search.fill("number=(");
    await page.getByRole("alert").getByText("This is no regular expression").waitFor(SOON);
    await expect.poll(() => seen(page), SOON).toEqual(["broken number=4444"]);
    await search.fill("nobody said this");
    await page.getByText("No line matches.").waitFor(SOON);
  });

  it("stay usable while a pattern would take for ever", async () => {
    await using party = await createParty([]);
    const desktop = await party.start();
    const page = await openLogs(browser, desktop);
    desktop.logger.info(`${"a".repeat(60)}!`);
    desktop.logger.info("something else");
    await hears(page, "aaaa");
    await page.getByRole("button", { name: "regular expression" }).click();
    const search = page.getByRole("searchbox", { name: "Search the log" });
    await search.fill("(a+)+$");
    await page.getByRole("alert").getByText("takes too long").waitFor(SOON);
    await hears(page, "something else");
    await search.fill("a{60}!");
    await expect.poll(() => seen(page), SOON).toEqual([`${"a".repeat(60)}!`]);
    expect(browser.complaints.filter((text) => !text.includes("ERR_"))).toEqual([]);
  });

  it("pause, and count what comes; are copied as text without secrets", async () => {
    await using party = await createParty([]);
    const desktop = await party.start();
    const { logger } = desktop;
    const page = await openLogs(browser, desktop);
    await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
    const secret = new URL(desktop.openAddress()).searchParams.get("token") ?? "";
    logger.info("opened", { address: `http://127.0.0.1:1/?token=${secret}` });
    await hears(page, "opened");
    await page.getByRole("button", { name: "Pause" }).click();
    for (let number = 1; number <= 3; number++) logger.info(`unseen ${number}`);
    // Others may say something just now, too.
    const goOn = page.getByRole("button", { name: /^Go on \((?:[3-9]|\d\d+) new\)$/u });
    await goOn.waitFor(SOON);
    expect(await row(page, "unseen").count()).toBe(0);
    await goOn.click();
    await hears(page, "unseen 3");
    await page.getByRole("button", { name: "Copy" }).click();
    await page.getByRole("button", { name: "Copied" }).waitFor(SOON);
    const copied = (await page.evaluate("navigator.clipboard.readText()")) as string;
    expect(copied).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z info lanspread: unseen 3$/mu);
    expect(copied).toContain("[hidden]");
    expect(copied).not.toContain(secret);
    const { cookies } = await page.context().storageState();
    for (const { value } of cookies) expect(copied).not.toContain(value);
  });

  it("scroll through fifty thousand lines of which few are there, and stay at the end while one is there", async () => {
    await using party = await createParty([]);
    const desktop = await party.start();
    for (let number = 1; number <= 60_000; number++) desktop.logger.info(`line ${number};`);
    const page = await openLogs(browser, desktop);
    await hears(page, "line 60000;");
    expect(await page.locator(".log-rows li").count()).toBeLessThan(150);
    const rows = page.locator(".log-rows");
    expect(await page.evaluate("document.querySelector('.log-rows').scrollHeight")).toBeGreaterThan(
      49_000 * 22,
    );
    await rows.focus();
    await page.keyboard.press("Home");
    await hears(page, "older lines are kept no more");
    desktop.logger.info("line 60001;");
    await page.getByRole("button", { name: "To the newest" }).click();
    await hears(page, "line 60001;");
    desktop.logger.info("line 60002;");
    await hears(page, "line 60002;");
    await page.getByRole("searchbox").fill("59999");
    await expect.poll(() => seen(page), SOON).toEqual(["line 59999;"]);
  });

  it.each([
    [360, "en-US", "Application"],
    [1_280, "de-DE", "Anwendung"],
    [1_920, "en-US", "Application"],
  ])("fit into %i px in %s, and who cannot see them can use them", async (width, locale, name) => {
    await using party = await createParty([QUAKE]);
    const desktop = await party.start();
    desktop.logger.error("a long line", { path: "/srv/games/".repeat(30) });
    const page = await openLogs(browser, desktop, width, locale);
    await hears(page, "a long line");
    await page.getByRole("button", { name }).waitFor(SOON);
    expect(await page.evaluate("document.documentElement.scrollWidth")).toBeLessThanOrEqual(width);
    expect(await page.evaluate("document.documentElement.scrollHeight")).toBeLessThanOrEqual(800);
    const { violations } = await new AxeBuilder({ page }).analyze();
    const serious = violations.filter(({ impact }) => impact === "serious" || impact === "critical");
    expect(serious.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" ")}`)).toEqual([]);
    const shots = process.env["SCREENSHOTS"];
    if (shots !== undefined) await page.screenshot({ path: `${shots}/logs-${width}-${locale}.png` });
  });
});
