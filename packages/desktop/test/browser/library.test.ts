import { mkdir, readFile, writeFile } from "node:fs/promises";
import { AxeBuilder } from "@axe-core/playwright";
import { eventually, seededBytes } from "@lanspread/testkit";
import type { Locator, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { browserUnavailable, IN_A_BROWSER, startBrowser, type TestBrowser } from "./browser.ts";
import { fakePrograms } from "./fake-programs.ts";
import { createParty, type TestGame } from "./party.ts";

const MIB = 1024 ** 2;
const QUAKE: TestGame = {
  id: "quake",
  name: "Quake III Arena",
  files: { "quake.txt": "fragged", "data/world.pk3": seededBytes(1, 4 * MIB) },
};
/** The smallest picture there is: one point. */
const GIF = Buffer.from("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7", "base64");
const DOOM: TestGame = { id: "doom", name: "Doom", files: { "doom.wad": seededBytes(2, MIB) } };

/** For steps of a person, on a machine that has other things to do. */
const SOON = { timeout: 30_000 };

/** Notes which cards were in the page, and which came since, by the elements that they are. */
const COUNT_NEW_CARDS = `{
  const placeOf = (card) => Number(card.closest("[data-index]").dataset.index);
  window.cardsBefore = new Set(document.querySelectorAll(".card"));
  window.newCards = new Map();
  new MutationObserver(() => {
    for (const card of document.querySelectorAll(".card")) {
      if (!cardsBefore.has(card) && !newCards.has(card)) newCards.set(card, placeOf(card));
    }
  }).observe(document.querySelector(".grid"), { childList: true });
}`;

/** Most places between the search and a card. */
const MOST_TABS = 12;

async function tabTo(page: Page, place: Locator): Promise<void> {
  for (let tabs = 0; tabs < MOST_TABS; tabs++) {
    await page.keyboard.press("Tab");
    if (await place.evaluate((element) => element === element.ownerDocument.activeElement)) return;
  }
  throw new Error("Tab does not lead there");
}

describe.skipIf(browserUnavailable !== undefined)(`the library${IN_A_BROWSER}`, () => {
  let browser: TestBrowser;

  beforeAll(async () => {
    browser = await startBrowser();
  });

  afterAll(() => browser[Symbol.asyncDispose]());

  it("shows what others have, downloads and installs it with one click, and then plays", async () => {
    await using party = await createParty([QUAKE, DOOM]);
    const page = await browser.open((await party.start()).openAddress());
    expect(page.url()).not.toContain("token");
    const quake = page.getByRole("article", { name: "Quake III Arena" });
    await quake.getByText("Offered").waitFor(SOON);
    await quake.getByText("1 player has it").waitFor(SOON);
    await quake.getByRole("button", { name: "Download: Quake III Arena" }).click(SOON);
    await quake.getByRole("button", { name: "Play: Quake III Arena" }).waitFor(SOON);
    await quake.getByText("Installed", { exact: true }).waitFor(SOON);
    const installed = party.dir.join("mine", "games", "quake", "local", "quake.txt");
    expect(await readFile(installed, "utf8")).toBe("fragged");
    await page.getByRole("button", { name: "Local" }).click();
    await page.getByRole("article", { name: "Doom" }).waitFor({ state: "detached", ...SOON });
    expect(browser.complaints).toEqual([]);
  });

  it("says why something cannot be done, and what to do about it", async () => {
    await using party = await createParty([QUAKE]);
    const page = await browser.open((await party.start()).openAddress());
    await page.getByRole("button", { name: "Download: Quake III Arena" }).click(SOON);
    const play = page.getByRole("button", { name: "Play: Quake III Arena" });
    await play.click(SOON);
    const alert = page.getByRole("alert");
    await alert.getByText("Quake III Arena brings no game_start script").waitFor(SOON);
    await alert.getByText("Open its folder and start it by hand.").waitFor(SOON);
    await alert.getByRole("button", { name: "Close" }).click();
    await alert.getByText("game_start").waitFor({ state: "detached", ...SOON });

    await using programs = await fakePrograms(party);
    await play.click();
    await alert.getByText("no-such-file").waitFor(SOON);
    for (const width of [1_280, 360]) {
      await page.setViewportSize({ width, height: 740 });
      expect(await alert.locator("code").evaluate((code) => code.getClientRects().length)).toBe(1);
      expect(await page.evaluate("document.documentElement.scrollWidth")).toBeLessThanOrEqual(width);
    }
    await alert.getByRole("button", { name: "Open folder" }).click();
    await alert.getByText("game_start").waitFor({ state: "detached", ...SOON });
    const root = party.dir.join("mine", "games", "quake");
    await expect.poll(() => programs.told("xdg-open"), SOON).toBe(`${root}\n`);
  });

  it("opens the folder that an empty library asks to be filled", async () => {
    await using party = await createParty([]);
    await using programs = await fakePrograms(party);
    const page = await browser.open((await party.start()).openAddress());
    await page.getByText("Put games into").waitFor(SOON);
    await page.getByRole("main").getByRole("button", { name: "Open folder" }).click();
    await expect.poll(() => programs.told("xdg-open"), SOON).toBe(`${party.dir.join("mine", "games")}\n`);
  });

  it("raises the card that the keyboard is at, and none that was clicked", async () => {
    await using party = await createParty([QUAKE]);
    const page = await browser.open((await party.start()).openAddress());
    const card = page.getByRole("article", { name: "Quake III Arena" });
    const raised = (): Promise<string> =>
      page.evaluate("getComputedStyle(document.querySelector('.card .picture')).transform");
    await card.getByRole("button", { name: "Download: Quake III Arena" }).click(SOON);
    await page.mouse.move(0, 0);
    expect(await page.evaluate("document.querySelector('.card').contains(document.activeElement)")).toBe(
      true,
    );
    await expect.poll(raised, SOON).toBe("none");
    await page.keyboard.press("ArrowRight");
    await page.keyboard.press("ArrowLeft");
    await expect.poll(raised, SOON).toBe("matrix(1, 0, 0, 1, 0, -4)");
  });

  it("draws what comes into sight, and not again what stays", async () => {
    const games = Array.from({ length: 200 }, (_, at): TestGame => {
      return { id: `game-${at}`, name: `Game ${at}`, files: { "a.txt": "a" } };
    });
    await using party = await createParty(games);
    const page = await browser.open((await party.start()).openAddress());
    await page.getByRole("article", { name: "Game 3", exact: true }).waitFor(SOON);
    await page.evaluate(COUNT_NEW_CARDS);
    for (let step = 0; step < 10; step += 1) await page.mouse.wheel(0, 240);
    const isDown = async (): Promise<boolean> => Number(await page.evaluate("scrollY")) === 2_400;
    await eventually(isDown, { what: "the scrolling", deadlineMs: SOON.timeout });
    const [made, before] = await page.evaluate<[number, number]>("[newCards.size, cardsBefore.size]");
    expect(made).toBeGreaterThan(0);
    // Each game down to the last that came was drawn once, or not at all where the scrolling was faster.
    const last = await page.evaluate<number>("Math.max(...[...newCards.values()])");
    expect(made + before).toBeLessThanOrEqual(last + 1);
  });

  it("can be used by keyboard alone", async () => {
    await using party = await createParty([QUAKE, DOOM]);
    const page = await browser.open((await party.start()).openAddress());
    await page.getByRole("article", { name: "Doom" }).waitFor(SOON);
    await page.keyboard.press("/");
    await page.keyboard.type("quake");
    await page.getByRole("article", { name: "Doom" }).waitFor({ state: "detached", ...SOON });
    // Past the title, which leads to the game's own page.
    await tabTo(page, page.getByRole("button", { name: "Download: Quake III Arena" }));
    await page.keyboard.press("Enter");
    await page.getByRole("button", { name: "Play: Quake III Arena" }).waitFor(SOON);
  });

  it("leads from card to card by arrow keys, and by Tab past all of them", async () => {
    const games = Array.from(
      { length: 40 },
      (_, at): TestGame => ({ id: `game-${at}`, name: `Game ${at}`, files: { a: "a" } }),
    );
    await using party = await createParty(games);
    const page = await browser.open((await party.start()).openAddress());
    const focused = (): Promise<string> =>
      page.evaluate("document.activeElement.closest('article')?.querySelector('h2').textContent ?? ''");
    await page.getByRole("article", { name: "Game 0", exact: true }).waitFor(SOON);
    await page.keyboard.press("/");
    for (let tabs = 0; tabs < MOST_TABS && (await focused()) === ""; tabs++) await page.keyboard.press("Tab");
    expect(await focused()).toBe("Game 0");
    await page.keyboard.press("ArrowRight");
    await expect.poll(focused).toBe("Game 1");
    await page.keyboard.press("ArrowDown");
    await expect.poll(focused).toBe("Game 7");
    await page.keyboard.press("End");
    await expect.poll(focused).toBe("Game 39");
    const last = page.getByRole("article", { name: "Game 39" });
    expect((await last.boundingBox())?.y).toBeLessThan(800);
    // Upwards, a card is shown whole below the bar that stays there.
    const distance = (): Promise<number> =>
      page.evaluate(`
        document.activeElement.closest("article").getBoundingClientRect().top -
        document.querySelector(".top-bar").getBoundingClientRect().bottom
      `);
    for (const above of ["Game 33", "Game 27", "Game 21"]) {
      await page.keyboard.press("ArrowUp");
      await expect.poll(focused).toBe(above);
      await expect.poll(distance).toBeGreaterThan(0);
    }
    await page.keyboard.press("Home");
    await expect.poll(focused).toBe("Game 0");
    for (let tabs = 0; tabs < 3 && (await focused()) !== ""; tabs++) await page.keyboard.press("Tab");
    expect(await focused()).toBe("");
  });

  it("keeps how cards look, for every window and the next start", async () => {
    await using party = await createParty([QUAKE]);
    const desktop = await party.start();
    const page = await browser.open(desktop.openAddress());
    await page.getByRole("button", { name: "View" }).click(SOON);
    await page.getByRole("radio", { name: "Wide" }).click({ force: true });
    await page.getByRole("radio", { name: "Compact" }).click({ force: true });
    await page.locator(".grid.wide.compact").waitFor(SOON);
    const other = await browser.open(desktop.openAddress());
    await other.locator(".grid.wide.compact").waitFor(SOON);
    await desktop[Symbol.asyncDispose]();
    const later = await browser.open((await party.start()).openAddress());
    await later.locator(".grid.wide.compact").waitFor(SOON);
  });

  it("shows the catalog's picture, and its own cover where that cannot be shown", async () => {
    await using party = await createParty([QUAKE, DOOM], {
      quake: { thumbnail: "pictures/quake.gif" },
      doom: { thumbnail: "pictures/none.png" },
    });
    await mkdir(party.dir.join("pictures"));
    await writeFile(party.dir.join("pictures", "quake.gif"), GIF);
    const page = await browser.open((await party.start()).openAddress());
    const picture = page.getByRole("article", { name: "Quake III Arena" }).locator(".cover img");
    await picture.waitFor(SOON);
    await expect.poll(() => picture.evaluate((image) => Reflect.get(image, "naturalWidth"))).toBe(1);
    await page.getByRole("article", { name: "Doom" }).locator(".cover svg").waitFor(SOON);
  });

  it("speaks German where the browser does", async () => {
    await using party = await createParty([QUAKE]);
    const page = await browser.open((await party.start()).openAddress(), { locale: "de-DE" });
    await page.getByRole("button", { name: "Herunterladen: Quake III Arena" }).waitFor(SOON);
    expect(await page.evaluate("document.documentElement.lang")).toBe("de");
  });

  it("says that the app is gone, and goes on by itself when it is back", async () => {
    await using party = await createParty([QUAKE]);
    const desktop = await party.start();
    const page = await browser.open(desktop.openAddress());
    await page.getByRole("article", { name: "Quake III Arena" }).waitFor(SOON);
    await desktop[Symbol.asyncDispose]();
    await page.getByRole("status").getByText("lanspread does not answer").waitFor(SOON);
    await party.start();
    await page.getByText("lanspread does not answer").waitFor({ state: "detached", ...SOON });
    await page.getByRole("button", { name: "Download: Quake III Arena" }).waitFor(SOON);
  });

  it.each([
    [360, 740],
    [1_280, 800],
    [1_920, 1_080],
  ])("fits into %i x %i, and who cannot see it can use it", async (width, height) => {
    await using party = await createParty([QUAKE, DOOM]);
    const page = await browser.open((await party.start()).openAddress(), { width, height });
    await page.getByRole("article", { name: "Doom" }).waitFor(SOON);
    expect(await page.evaluate("document.documentElement.scrollWidth")).toBeLessThanOrEqual(width);
    const { violations } = await new AxeBuilder({ page }).analyze();
    const serious = violations.filter(({ impact }) => impact === "serious" || impact === "critical");
    expect(serious.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" ")}`)).toEqual([]);
  });
});
