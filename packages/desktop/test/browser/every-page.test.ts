import { AxeBuilder } from "@axe-core/playwright";
import { seededBytes } from "@lanspread/testkit";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Desktop } from "../../shell/index.ts";
import { hrefOf, PAGES, type Route } from "../../ui/src/app/route.ts";
import { browserUnavailable, IN_A_BROWSER, startBrowser, type TestBrowser } from "./browser.ts";
import { createParty, makeGame, type Party, type TestGame } from "./party.ts";

const QUAKE: TestGame = { id: "quake", name: "Quake III Arena", files: { "quake.txt": "fragged" } };
const DOOM: TestGame = {
  id: "doom",
  name: "Donaudampfschifffahrtsgesellschaftskapitänskajütentürschlüssel – Jubiläumsausgabe",
  files: { "doom.wad": seededBytes(2, 1024 ** 2) },
  genre: "Wirtschaftssimulationsrollenspielstrategieabenteuerschießspiel",
  version: "9".repeat(32),
};
const FACTS = {
  quake: {
    year: 1999,
    max_players: 16,
    can_host_server: true,
    description:
      "<script>document.title = 'taken'</script><img src=x onerror=\"document.title='taken'\"> <b>Run!</b>",
  },
  doom: { description: `${"Ein sehr langes Wort:".repeat(3)} ${"x".repeat(300)}` },
};

/** Every page that has an address, and those of games that are here, that are offered, and that are nowhere. */
const ROUTES: readonly Route[] = [
  ...PAGES.map((page) => ({ page })),
  ...["quake", "doom", "nowhere"].map((gameId) => ({ page: "game" as const, gameId })),
];
const SIZES = [
  [360, 740],
  [1_920, 1_080],
] as const;
const LOCALES = ["en-US", "de-DE"] as const;

/** For steps of a person, on a machine that has other things to do. */
const SOON = { timeout: 30_000 };

describe.skipIf(browserUnavailable !== undefined)(`every page${IN_A_BROWSER}`, () => {
  let browser: TestBrowser;
  let party: Party;
  let desktop: Desktop;

  beforeAll(async () => {
    browser = await startBrowser();
    party = await createParty([QUAKE, DOOM], FACTS);
    await makeGame(party.dir.join("mine", "games", QUAKE.id), QUAKE);
    desktop = await party.start();
  });

  afterAll(async () => {
    await browser[Symbol.asyncDispose]();
    await party[Symbol.asyncDispose]();
  });

  async function open(width: number, height: number, locale: string): Promise<Page> {
    const page = await browser.open(desktop.openAddress(), { width, height, locale });
    await page.getByRole("article", { name: QUAKE.name }).waitFor(SOON);
    return page;
  }

  async function goTo(page: Page, route: Route): Promise<void> {
    await page.evaluate(`location.hash = ${JSON.stringify(hrefOf(route))}`);
    await page.getByRole("main").waitFor(SOON);
    // What it asks for first is there, and drawn.
    const isKnown = route.page === "game" && route.gameId !== "nowhere";
    if (isKnown) await page.locator("#detail-holders").waitFor(SOON);
    await page.evaluate(
      "new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)))",
    );
  }

  const cases = SIZES.flatMap(([width, height]) => LOCALES.map((locale) => [locale, width, height] as const));

  it.each(cases)("fits and can be used by who cannot see it: %s, %i x %i", async (locale, width, height) => {
    const page = await open(width, height, locale);
    for (const route of ROUTES) {
      const where = hrefOf(route);
      await goTo(page, route);
      expect(await page.evaluate("document.documentElement.lang"), where).toBe(locale.slice(0, 2));
      expect(await outside(page, width), where).toEqual([]);
      expect(await page.evaluate("document.documentElement.scrollWidth"), where).toBeLessThanOrEqual(width);
      const { violations } = await new AxeBuilder({ page }).analyze();
      const serious = violations.filter(({ impact }) => impact === "serious" || impact === "critical");
      const told = serious.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" ")}`);
      expect(told, where).toEqual([]);
      expect(await page.title(), where).not.toContain("taken");
    }
    await page.context().close();
    expect(browser.complaints).toEqual([]);
  });

  it("says where one is: by the window's title, and by one heading of the first level", async () => {
    const page = await open(1_280, 800, "de-DE");
    const seen: unknown[] = [];
    const pages: readonly Route[] = PAGES.map((name) => ({ page: name }));
    for (const route of [
      ...pages,
      { page: "game", gameId: QUAKE.id } as const,
      { page: "library" } as const,
    ]) {
      await goTo(page, route);
      const headings = await page.getByRole("heading", { level: 1 }).allTextContents();
      seen.push([await page.title(), headings.length, headings[0]?.split(" ")[0]]);
    }
    expect(seen).toEqual([
      ["lanspread", 1, "Spiele"],
      ["Party – lanspread", 1, "Party"],
      ["Einstellungen – lanspread", 1, "Einstellungen"],
      ["Protokolle – lanspread", 1, "Protokolle"],
      [`${QUAKE.name} – lanspread`, 1, "Quake"],
      ["lanspread", 1, "Spiele"],
    ]);
    await page.context().close();
  });

  it("says nothing in English where German is spoken", async () => {
    const [inEnglish, inGerman] = [await open(1_280, 800, "en-US"), await open(1_280, 800, "de-DE")];
    for (const route of ROUTES) {
      await goTo(inEnglish, route);
      await goTo(inGerman, route);
      const [english, german] = [await labelsOf(inEnglish), await labelsOf(inGerman)];
      expect(german.length, hrefOf(route)).toBeGreaterThan(3);
      // Names and figures are the same in both.
      const same = german.filter((text) => english.includes(text));
      expect(
        same.filter((text) => ENGLISH.test(text)),
        hrefOf(route),
      ).toEqual([]);
    }
  });

  it("says in German why something did not happen, and what exactly in the peer's words", async () => {
    const page = await open(1_280, 800, "de-DE");
    await page.getByRole("button", { name: `Installieren: ${QUAKE.name}` }).click(SOON);
    await page.getByRole("button", { name: `Spielen: ${QUAKE.name}` }).click(SOON);
    const alert = page.getByRole("alert");
    await alert.getByText("Eine Datei, die gebraucht wird, gibt es nicht.").waitFor(SOON);
    await alert.getByText("Öffne den Ordner des Spiels und starte es von Hand.").waitFor(SOON);
    await alert.locator("[lang=en]").getByText("game_start").waitFor(SOON);
    await page.context().close();
  });

  it("can be reached and left by the keyboard alone, and shows where one is", async () => {
    const page = await open(1_280, 800, "en-US");
    for (const name of PAGES) {
      for (let pressed = 0; pressed < 60 && !(await isFocused(page, hrefOf({ page: name }))); pressed += 1)
        await page.keyboard.press("Tab");
      expect(await isFocused(page, hrefOf({ page: name })), name).toBe(true);
      const ring = await page.evaluate("getComputedStyle(document.activeElement).outlineStyle");
      expect(ring, name).toBe("solid");
      await page.keyboard.press("Enter");
      await page
        .locator(`nav a[href="${hrefOf({ page: name })}"][aria-current="page"]`)
        .first()
        .waitFor(SOON);
    }
    await page.context().close();
  });
});

/** Words that German has not, and any sentence of English has one of. */
const ENGLISH = /\b(?:the|and|of|is|are|has|have|you|your|it|not|with|from|this|when|where|nobody|here)\b/iu;

/** What is wider than the window, cut off or not, but for what scrolls by itself. */
function outside(page: Page, width: number): Promise<string[]> {
  return page.evaluate(`
    [...document.querySelectorAll("main *, nav *, header *")]
      .filter((element) => {
        const { right, width } = element.getBoundingClientRect();
        if (width === 0 || right <= ${width} + 1) return false;
        for (let parent = element; parent !== null; parent = parent.parentElement) {
          const { overflowX, position } = getComputedStyle(parent);
          if (parent !== element && ["auto", "scroll", "hidden", "clip"].includes(overflowX)) return false;
        }
        return element.closest(".only-read") === null;
      })
      .map((element) => element.outerHTML.slice(0, 200))
  `);
}

/** Texts that a page shows, and those that are read aloud instead; lines of the log are English everywhere. */
async function labelsOf(page: Page): Promise<string[]> {
  const texts: string[] = await page.evaluate(`
    [...document.querySelectorAll("body *:not(.log-rows *)")].flatMap((element) => [
      ...[...element.childNodes].filter(({ nodeType }) => nodeType === 3).map(({ data }) => data.trim()),
      ...["aria-label", "title", "placeholder", "alt"].map((name) => element.getAttribute(name) ?? ""),
    ])
  `);
  return texts.filter((text) => text !== "");
}

async function isFocused(page: Page, href: string): Promise<boolean> {
  return await page.evaluate(`document.activeElement?.getAttribute("href") === ${JSON.stringify(href)}`);
}
