import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { AxeBuilder } from "@axe-core/playwright";
import { createPartyCa, mdnsDiscovery, silentLogger, writePartyCa } from "@lanspread/peer";
import { eventually } from "@lanspread/testkit";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startDesktop } from "../../shell/index.ts";
import { browserUnavailable, IN_A_BROWSER, startBrowser, type TestBrowser } from "./browser.ts";
import { createParty, type Party, type TestGame } from "./party.ts";

const QUAKE: TestGame = { id: "quake", name: "Quake III Arena", files: { "quake.txt": "fragged" } };
/** For steps of a person, on a machine that has other things to do. */
const SOON = { timeout: 30_000 };
const SOON_TOO = { deadlineMs: 30_000 };
const SIZES = [
  [360, 740],
  [1_280, 800],
] as const;

describe.skipIf(browserUnavailable !== undefined)(`settings${IN_A_BROWSER}`, () => {
  let browser: TestBrowser;

  beforeAll(async () => {
    browser = await startBrowser();
  });

  afterAll(() => browser[Symbol.asyncDispose]());

  /** The app as it is started for the first time. */
  async function firstStart(party: Party, options: Parameters<Party["start"]>[0] = {}) {
    await rm(party.dir.join("mine", "state", "desktop.json"));
    return await party.start(options);
  }

  async function openSettings(party: Party, options: Parameters<TestBrowser["open"]>[1] = {}) {
    const desktop = await party.start();
    const page = await browser.open(desktop.openAddress(), options);
    await page.locator(".pages").waitFor(SOON);
    await page.evaluate("location.hash = '#/settings'");
    await page.locator(".settings").waitFor(SOON);
    return { desktop, page };
  }

  async function settingsOf(party: Party): Promise<Record<string, unknown>> {
    return JSON.parse(await readFile(party.dir.join("mine", "state", "desktop.json"), "utf8"));
  }

  async function expectFits(page: Page, width: number): Promise<void> {
    expect(await page.evaluate("document.documentElement.scrollWidth")).toBeLessThanOrEqual(width);
    const { violations } = await new AxeBuilder({ page }).analyze();
    const serious = violations.filter(({ impact }) => impact === "serious" || impact === "critical");
    expect(serious.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" ")}`)).toEqual([]);
  }

  it("are begun by three steps, by keyboard alone, which come only once; another peer sees the name", async () => {
    const found = { discovery: mdnsDiscovery() };
    await using party = await createParty([QUAKE], {}, found);
    const other = party.dir.join("mine", "other");
    await mkdir(other);
    const page = await browser.open((await firstStart(party, found)).openAddress());
    await page.getByRole("heading", { name: "Who are you?" }).waitFor(SOON);
    await page.keyboard.type("Ada");
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "Where are your games?" }).waitFor(SOON);
    await eventually(() => party.other.snapshot().peers.some(({ name }) => name === "Ada"), SOON_TOO);
    // Into the chooser, up, down to the other one, and back with it.
    await page.getByText(/free$/u).waitFor(SOON);
    await page.keyboard.press("Shift+Tab");
    await page.keyboard.press("Shift+Tab");
    await page.keyboard.press("Shift+Tab");
    await page.keyboard.press("Enter");
    const chooser = page.getByRole("dialog", { name: "Choose the game folder" });
    await chooser.getByRole("listbox").waitFor(SOON);
    await page.keyboard.press("Backspace");
    await chooser.getByRole("option", { name: "other" }).waitFor(SOON);
    await page.keyboard.type("oth");
    await page.keyboard.press("Enter");
    await chooser.getByText("There are no folders in it.").waitFor(SOON);
    const focused = chooser.locator(":focus");
    for (let tabs = 0; (await focused.textContent(SOON)) !== "Use “other”"; tabs += 1) {
      expect(tabs).toBeLessThan(8);
      await page.keyboard.press("Tab");
    }
    await page.keyboard.press("Enter");
    await chooser.waitFor({ state: "detached", ...SOON });
    await page.locator(".folder-card").getByText(other).waitFor(SOON);
    await page.getByRole("button", { name: "Next" }).focus();
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "Who is here" }).waitFor(SOON);
    await page.getByRole("listitem").getByText("Grace").waitFor(SOON);
    await page.keyboard.press("Enter");
    await page.getByRole("article", { name: "Quake III Arena" }).waitFor(SOON);
    expect(await settingsOf(party)).toEqual({ playerName: "Ada", gamesDir: other, welcomed: true });
    await page.reload();
    await page.getByRole("article", { name: "Quake III Arena" }).waitFor(SOON);
    expect(browser.complaints).toEqual([]);
  });

  it("do not ask at first what was said when the app was started, and can be skipped", async () => {
    await using party = await createParty([]);
    await rm(party.dir.join("mine", "state", "desktop.json"));
    const { peer } = party.setup;
    const partyCa = party.dir.join("ca");
    await writePartyCa({ dir: partyCa, ca: await createPartyCa() });
    await using desktop = await startDesktop({
      peer,
      explicit: { name: "Given", gamesDir: peer.gamesDir, interfaces: ["127.0.0.1"], partyCa },
      version: "1.2.3",
      logger: silentLogger,
    });
    const page = await browser.open(desktop.openAddress());
    await page.getByRole("heading", { name: "Who is here" }).waitFor(SOON);
    expect(await page.getByRole("list", { name: "Steps" }).getByRole("listitem").allTextContents()).toEqual([
      "People",
    ]);
    await page.getByRole("button", { name: "Show me the games" }).click();
    await page.getByRole("link", { name: "Settings" }).click(SOON);
    const name = page.getByRole("textbox", { name: "Player name" });
    await name.waitFor(SOON);
    expect(await name.isDisabled()).toBe(true);
    expect(await name.inputValue()).toBe("Given");
    expect(await page.getByText("Said when lanspread was started").count()).toBe(4);
    await page.getByText(partyCa).waitFor(SOON);
    const own = page.getByRole("group", { name: "Networks" }).getByRole("checkbox", { name: "127.0.0.1" });
    await own.waitFor(SOON);
    expect([await own.isChecked(), await own.isDisabled()]).toEqual([true, true]);
    expect(await page.getByRole("button", { name: "Choose … Game folder" }).count()).toBe(0);
  });

  it("are skipped with one key, and not asked again", async () => {
    await using party = await createParty([QUAKE]);
    const page = await browser.open((await firstStart(party)).openAddress());
    await page.getByRole("button", { name: "Skip" }).press("Enter", SOON);
    await page.getByRole("article", { name: "Quake III Arena" }).waitFor(SOON);
    expect(await settingsOf(party)).toEqual({ welcomed: true });
  });

  it("change the name for everybody, and take none that cannot be shown", async () => {
    const found = { discovery: mdnsDiscovery() };
    await using party = await createParty([QUAKE], {}, found);
    const desktop = await party.start(found);
    const page = await browser.open(desktop.openAddress());
    await page.getByRole("link", { name: "Settings" }).click(SOON);
    const name = page.getByRole("textbox", { name: "Player name" });
    await name.fill("  Lovelace ");
    await name.press("Enter");
    await eventually(() => party.other.snapshot().peers.some((peer) => peer.name === "Lovelace"), SOON_TOO);
    await eventually(async () => (await name.inputValue()) === "Lovelace", SOON_TOO);
    await name.fill("a\u0007b");
    await name.press("Enter");
    await page.getByRole("alert").getByText("This name cannot be shown to others.").waitFor(SOON);
    expect((await settingsOf(party))["playerName"]).toBe("Lovelace");
  });

  it("say that the game folder is gone, take another one, and one that is made for it", async () => {
    await using party = await createParty([QUAKE]);
    const { page } = await openSettings(party);
    const games = party.dir.join("mine", "games");
    await rename(games, party.dir.join("mine", "away"));
    const card = page.locator(".folder-card.gone");
    await card.getByText(`The games directory ${games} is not there`).waitFor(SOON);
    await page.getByRole("link", { name: "Library" }).click();
    await page.getByRole("alert").getByText(`The game folder ${games} cannot be used.`).waitFor(SOON);
    await page.getByRole("link", { name: "Open settings" }).click();
    await card.getByRole("button", { name: "Choose … Game folder" }).click(SOON);
    const chooser = page.getByRole("dialog");
    // The folder that is gone cannot be shown: the chooser says so, and begins at home.
    await chooser.getByText("is not there").waitFor(SOON);
    const path = chooser.getByRole("textbox", { name: "Path" });
    for (const [wrong, says] of [
      ["/etc/../etc", "no . and no .."],
      ["games", "must be absolute"],
      ["/dev/null", "is no folder"],
    ] as const) {
      await path.fill(wrong);
      await path.press("Enter");
      await chooser.getByText(says).waitFor(SOON);
    }
    await path.fill(party.dir.join("mine"));
    await path.press("Enter");
    await chooser.getByRole("option", { name: "away" }).waitFor(SOON);
    await chooser.getByRole("button", { name: "New folder" }).click();
    await chooser.getByRole("textbox", { name: "Name of the new folder" }).fill("a/b");
    await page.keyboard.press("Enter");
    await chooser.getByText("must have none of").waitFor(SOON);
    await chooser.getByRole("textbox", { name: "Name of the new folder" }).fill("Spiele");
    await page.keyboard.press("Enter");
    await chooser.getByRole("button", { name: "Use “Spiele”" }).click(SOON);
    await chooser.waitFor({ state: "detached", ...SOON });
    await page.locator(".folder-card").getByText(party.dir.join("mine", "Spiele")).waitFor(SOON);
    expect(await page.locator(".folder-card.gone").count()).toBe(0);
    expect(await settingsOf(party)).toMatchObject({ gamesDir: party.dir.join("mine", "Spiele") });
  });

  it("show hidden folders when asked, and close without a change at Escape", async () => {
    await using party = await createParty([]);
    await mkdir(party.dir.join("mine", "games", ".hidden"));
    const { page } = await openSettings(party);
    const open = page.getByRole("button", { name: "Choose … Game folder" });
    await open.click();
    const chooser = page.getByRole("dialog");
    await chooser.getByText("There are no folders in it.").waitFor(SOON);
    await chooser.getByRole("checkbox", { name: "Show hidden folders" }).check();
    await chooser.getByRole("option", { name: ".hidden" }).waitFor(SOON);
    await page.keyboard.press("Escape");
    await chooser.waitFor({ state: "detached", ...SOON });
    expect(await page.locator(":focus").textContent(SOON)).toBe(await open.textContent());
    expect(await settingsOf(party)).toEqual({ welcomed: true });
  });

  it("that keep others from being found say so on every page, until they are changed", async () => {
    await using party = await createParty([]);
    const file = party.dir.join("mine", "state", "desktop.json");
    await writeFile(file, JSON.stringify({ welcomed: true, interfaces: ["192.0.2.99"] }));
    await using desktop = await startDesktop({
      peer: party.setup.peer,
      version: "1.2.3",
      logger: silentLogger,
    });
    const page = await browser.open(desktop.openAddress());
    const alert = page.getByRole("alert").filter({ hasText: "Nobody can reach you" });
    await alert.getByText("192.0.2.99").waitFor(SOON);
    await alert.getByRole("button", { name: "Try again" }).click();
    await alert.getByText("None of these networks is there.").waitFor(SOON);
    await alert.getByRole("link", { name: "Open settings" }).click();
    const networks = page.getByRole("group", { name: "Networks" });
    await networks.getByText("not there now").waitFor(SOON);
    await networks.getByRole("checkbox", { name: "All of them" }).check();
    await page.getByRole("button", { name: "Save" }).click();
    await alert.waitFor({ state: "detached", ...SOON });
    expect(await settingsOf(party)).toEqual({ welcomed: true });
  });

  it("speak German as soon as that is chosen", async () => {
    await using party = await createParty([]);
    const { page } = await openSettings(party);
    await page.getByRole("combobox", { name: "Language" }).selectOption("Deutsch");
    await page.getByRole("heading", { name: "Einstellungen" }).waitFor(SOON);
    expect(await page.evaluate("document.documentElement.lang")).toBe("de");
    await page.getByRole("combobox", { name: "Sprache" }).selectOption("Wie der Browser");
    await page.getByRole("heading", { name: "Settings" }).waitFor(SOON);
    expect(await settingsOf(party)).toEqual({ welcomed: true });
  });

  it.each(SIZES)(
    "fit into %i x %i in German, and who cannot see them can use them",
    async (width, height) => {
      await using party = await createParty([]);
      const view = { width, height, locale: "de-DE" };
      const { page } = await openSettings(party, view);
      await page.getByText(/frei$/u).waitFor(SOON);
      await expectFits(page, width);
      await page.getByRole("button", { name: "Wählen … Spieleordner" }).click();
      await page.getByRole("listbox").waitFor(SOON);
      await expectFits(page, width);
    },
  );

  it.each(SIZES)("begin in %i x %i in German for everybody", async (width, height) => {
    await using party = await createParty([QUAKE]);
    const desktop = await firstStart(party);
    const { addr } = await party.join("Margaret Hamilton-Heafield, Prinzessin", []);
    const page = await browser.open(desktop.openAddress(), { width, height, locale: "de-DE" });
    await desktop.host.peer.send({ type: "connect", addr });
    for (const title of ["Wer bist du?", "Wo sind deine Spiele?", "Wer da ist"]) {
      await page.getByRole("heading", { name: title }).waitFor(SOON);
      await expectFits(page, width);
      await page.locator("form button[type=submit]").click();
    }
    await page.getByRole("article", { name: "Quake III Arena" }).waitFor(SOON);
  });
});
