import { mkdir, readFile, rmdir, stat, writeFile } from "node:fs/promises";
import { AxeBuilder } from "@axe-core/playwright";
import { eventually, seededBytes } from "@lanspread/testkit";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Desktop } from "../../shell/index.ts";
import { browserUnavailable, IN_A_BROWSER, startBrowser, type TestBrowser } from "./browser.ts";
import { fakePrograms } from "./fake-programs.ts";
import { pacedSocket } from "./paced-socket.ts";
import { createParty, type TestGame } from "./party.ts";

const MIB = 1024 ** 2;
const QUAKE: TestGame = {
  id: "quake",
  name: "Quake III Arena",
  files: { "quake.txt": "fragged", "server_start.sh": "", "data/world.pk3": seededBytes(1, 3 * MIB) },
};
const MARKUP = `<script>document.title = "owned"</script> <img src=x onerror="document.title = 'owned'"> & <b>bold</b>`;
const FACTS = {
  quake: { year: 1999, max_players: 16, can_host_server: true, description: `Frag.\n${MARKUP}` },
};

/** For steps of a person, on a machine that has other things to do. */
const SOON = { timeout: 30_000 };

describe.skipIf(browserUnavailable !== undefined)(`the page of a game${IN_A_BROWSER}`, () => {
  let browser: TestBrowser;

  beforeAll(async () => {
    browser = await startBrowser();
  });

  afterAll(() => browser[Symbol.asyncDispose]());

  /** At the page of Quake, by its card. */
  async function open(desktop: Desktop, options: Parameters<TestBrowser["open"]>[1] = {}): Promise<Page> {
    const page = await browser.open(desktop.openAddress(), options);
    await page.getByRole("link", { name: "Quake III Arena" }).click(SOON);
    await page.getByRole("heading", { name: "Quake III Arena", level: 1 }).waitFor(SOON);
    return page;
  }

  const button = (page: Page, name: string | RegExp) => page.getByRole("button", { name, exact: true });
  const fact = (page: Page, name: string) =>
    page.locator("dl div", { has: page.getByText(name, { exact: true }) }).locator("dd");

  it("shows what the catalog and the party know, and markup as what it is", async () => {
    await using party = await createParty([QUAKE], FACTS);
    const page = await open(await party.start());
    await page.getByRole("listitem").getByText("Grace").waitFor(SOON);
    const facts = ["Genre", "Year", "Players", "Version offered", "Folder"];
    expect(await Promise.all(facts.map((name) => fact(page, name).textContent()))).toEqual([
      "Shooter",
      "1999",
      "up to 16",
      "2024.01.01",
      "quake",
    ]);
    expect(await fact(page, "Size").textContent()).toMatch(/^3\.1 MB$/u);
    expect(await page.locator(".description").textContent()).toBe(`Frag.\n${MARKUP}`);
    expect(await page.locator(".description *").count()).toBe(0);
    expect(await page.title()).toBe("Quake III Arena – lanspread");
    expect(complaints(browser)).toEqual([]);
  });

  it("is reached by Enter on a card, and Escape leads back to where one was", async () => {
    const others = Array.from({ length: 60 }, (_, at): TestGame => {
      return { id: `game-${at}`, name: `Game ${at}`, files: { "a.txt": "a" } };
    });
    await using party = await createParty(others);
    const page = await browser.open((await party.start()).openAddress());
    await page.getByRole("article", { name: "Game 3", exact: true }).waitFor(SOON);
    await page.mouse.wheel(0, 1_200);
    await eventually(async () => Number(await page.evaluate("scrollY")) === 1_200, SEEN("the scrolling"));
    // By its name: which one is the ninth changes while cards are still being drawn.
    const name = (await page.getByRole("link", { name: /^Game/u }).nth(8).textContent()) ?? "";
    await page.getByRole("link", { name, exact: true }).focus();
    const before = await page.evaluate("scrollY");
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name, exact: true, level: 1 }).waitFor(SOON);
    expect(await focused(page)).toBe(name);
    for (const goBack of [() => page.keyboard.press("Escape"), () => page.goBack()]) {
      await goBack();
      await page.getByRole("heading", { name, exact: true, level: 2 }).waitFor(SOON);
      await eventually(async () => (await page.evaluate("scrollY")) === before, SEEN("the place"));
      await eventually(async () => (await focused(page)) === name, SEEN("the focus"));
      await page.keyboard.press("Enter");
      await page.getByRole("heading", { name, exact: true, level: 1 }).waitFor(SOON);
    }
    await page.getByRole("main").getByRole("link", { name: "Library" }).click();
    await page.getByRole("heading", { name, exact: true, level: 2 }).waitFor(SOON);
  });

  it("installs without keeping the files, and says what an uninstall then means", async () => {
    await using party = await createParty([QUAKE], FACTS);
    const page = await open(await party.start());
    await button(page, "Low-disk install").click(SOON);
    await page.getByText("Installed, not shareable").waitFor(SOON);
    const root = party.dir.join("mine", "games", "quake");
    expect(await readFile(`${root}/local/quake.txt`, "utf8")).toBe("fragged");
    await expect(stat(`${root}/version.ini`)).rejects.toThrow("ENOENT");
    await expect(stat(`${root}/game.eti`)).rejects.toThrow("ENOENT");
    expect(await fact(page, "Installed version").textContent()).toBe("2024.01.01");
    await button(page, "Download files").waitFor(SOON);
    await button(page, "Uninstall").click();
    const dialog = page.getByRole("dialog", { name: "Uninstall Quake III Arena?" });
    await dialog.getByText("The folder “local” is deleted with everything in it").waitFor(SOON);
    await dialog.getByText("you have to get it from others").waitFor(SOON);
    await dialog.getByRole("button", { name: "Uninstall" }).click();
    await page.getByText("Offered", { exact: true }).waitFor(SOON);
    await expect(stat(root)).rejects.toThrow("ENOENT");
  });

  it("uninstalls and removes what was confirmed, and nothing else", async () => {
    await using party = await createParty([QUAKE], FACTS);
    const page = await open(await party.start());
    const root = party.dir.join("mine", "games", "quake");
    await button(page, /^Download: /u).click(SOON);
    await button(page, /^Play: /u).waitFor(SOON);
    expect(await button(page, /^Remove files/u).isDisabled()).toBe(true);
    expect(await button(page, /^Remove files/u).textContent()).toContain("Uninstall it first");

    await button(page, "Uninstall").click();
    const dialog = page.getByRole("dialog");
    await dialog.getByText("The downloaded files stay").waitFor(SOON);
    expect(await focused(page)).toBe("Keep it");
    await page.keyboard.press("Escape");
    await dialog.waitFor({ state: "detached", ...SOON });
    expect(await focused(page)).toBe("Uninstall");
    expect(await readFile(`${root}/local/quake.txt`, "utf8")).toBe("fragged");
    expect(page.url()).toContain("#/game/quake");

    await page.keyboard.press("Enter");
    await eventually(async () => (await focused(page)) === "Keep it", SEEN("the dialog"));
    await page.keyboard.press("Tab");
    await eventually(async () => (await focused(page)) === "Uninstall", SEEN("the other button"));
    await page.keyboard.press("Enter");
    await page.getByText("Downloaded", { exact: true }).waitFor(SOON);
    await expect(stat(`${root}/local`)).rejects.toThrow("ENOENT");
    expect(await focused(page)).toBe("Quake III Arena");

    await button(page, "Remove files").click(SOON);
    await dialog.getByText("3.1 MB are deleted from this computer.").waitFor(SOON);
    await dialog.getByText("Others can no longer get it from you.").waitFor(SOON);
    await dialog.getByRole("button", { name: "Keep it" }).click();
    expect((await stat(`${root}/version.ini`)).isFile()).toBe(true);
    await party.other.stop();
    await page.getByText("Nobody else who is here has it.").waitFor(SOON);
    await button(page, "Remove files").click(SOON);
    await dialog.getByText("this may be the last copy").waitFor(SOON);
    await dialog.getByRole("button", { name: "Remove files" }).click();
    await page.getByRole("heading", { name: "This game is not here any more." }).waitFor(SOON);
    await eventually(async () => (await focused(page)) === "This game is not here any more.", SEEN("it"));
    await expect(stat(root)).rejects.toThrow("ENOENT");
    expect(complaints(browser)).toEqual([]);
  });

  it("offers an update beside the old version, and brings the game to it", async () => {
    await using party = await createParty([QUAKE], FACTS);
    const desktop = await party.start();
    const page = await open(desktop);
    await button(page, /^Download: /u).click(SOON);
    await button(page, /^Play: /u).waitFor(SOON);
    await writeFile(party.dir.join("mine", "games", "quake", "local", "save.dat"), "level 9");
    const files = { ...QUAKE.files, "quake.txt": "patched" };
    const linus = await party.join("Linus", [{ ...QUAKE, files, version: "20250101" }]);
    await linus.send({ type: "connect", addr: desktop.host.peer.addr });
    await page.getByRole("listitem").filter({ hasText: "Linus" }).getByText("newer").waitFor(SOON);
    await eventually(
      async () => (await fact(page, "Version offered").textContent()) === "2025.01.01",
      SEEN("the version"),
    );
    await button(page, "Play").waitFor(SOON);
    await button(page, /^Update: /u).click();
    await eventually(
      async () => (await fact(page, "Version here").textContent()) === "2025.01.01",
      SEEN("it"),
    );
    await button(page, /^Play: /u).waitFor(SOON);
    const local = party.dir.join("mine", "games", "quake", "local");
    expect(await readFile(`${local}/quake.txt`, "utf8")).toBe("patched");
    expect(await readFile(`${local}/save.dat`, "utf8")).toBe("level 9");
    await page.getByRole("listitem").filter({ hasText: "Grace" }).getByText("older").waitFor(SOON);
  });

  it("opens the folder, and starts the server in a window of its own", async () => {
    await using party = await createParty([QUAKE], FACTS);
    await using programs = await fakePrograms(party);
    const page = await open(await party.start());
    await button(page, /^Download: /u).click(SOON);
    await button(page, "Open folder").click(SOON);
    const root = party.dir.join("mine", "games", "quake");
    await eventually(async () => (await programs.told("xdg-open")) === `${root}\n`, SEEN("the file manager"));
    await button(page, "Start server").click(SOON);
    const name = (await page.evaluate("document.documentElement.lang")) as string;
    await eventually(async () => (await programs.told("x-terminal-emulator")) !== "", SEEN("the terminal"));
    expect((await programs.told("x-terminal-emulator")).split("\n").slice(0, 8)).toEqual([
      "-e",
      "/bin/sh",
      "-c",
      expect.stringContaining('/bin/sh "$0" "$@"'),
      `${root}/local/server_start.sh`,
      `${root}/local`,
      "quake",
      name,
    ]);
  });

  it("shows what comes from whom while it is fetched, and ends it by Cancel", async () => {
    // So slow that it takes far longer than one needs to look at it.
    const paced = { socket: pacedSocket(0.75 * MIB) };
    const big = { ...QUAKE, files: { "world.pk3": seededBytes(3, 40 * MIB) } };
    await using party = await createParty([big], FACTS, paced);
    const desktop = await party.start();
    const linus = await party.join("Linus", [big], paced);
    await linus.send({ type: "connect", addr: desktop.host.peer.addr });
    const page = await open(desktop);
    await page.getByText("2024.01.01").nth(2).waitFor(SOON);
    await button(page, /^Download: /u).click(SOON);
    for (const name of ["Grace", "Linus"]) {
      const row = page.getByRole("listitem").filter({ hasText: name });
      await row.getByText(/^[1-9][\d.]* MB · [1-9][\d.]* (MB|KB)\/s$/u).waitFor(SOON);
      const share = Number(
        await row.getByRole("progressbar", { name: `From ${name}` }).getAttribute("value"),
      );
      expect(share).toBeGreaterThan(0);
      expect(share).toBeLessThan(1);
    }
    await page.getByText(/^Downloading/u).waitFor(SOON);
    await page.getByText(/\d+ % [\d.]+ MB\/s · \d+:\d\d left/u).waitFor(SOON);
    expect(await button(page, /^Low-disk install/u).isDisabled()).toBe(true);
    await button(page, /^Cancel: /u).click();
    await button(page, /^Download: /u).waitFor(SOON);
    await page.getByText("The last attempt failed.").waitFor({ state: "detached", ...SOON });
    expect(await page.getByRole("alert").textContent()).toBe("");
  });

  it("says why something failed and what to do about this very failure, until it is tried again", async () => {
    await using party = await createParty([QUAKE], FACTS);
    const desktop = await party.start();
    const root = party.dir.join("mine", "games", "quake");
    // Something that lanspread has not made is where the install is to begin.
    await mkdir(`${root}/.local.installing`, { recursive: true });
    const page = await open(desktop);
    await button(page, /^Download: /u).click(SOON);
    const alert = page.getByRole("alert");
    await alert.getByText("nothing proves that lanspread made it").waitFor(SOON);
    await alert.getByText("already-exists").waitFor(SOON);
    await alert.getByText("Look into it, and move it away.").waitFor(SOON);
    await alert.getByRole("button", { name: "Close" }).click();
    await page.reload();
    const main = page.getByRole("main");
    await main.getByText("The last attempt failed.").waitFor(SOON);
    await main.getByText("Look into it, and move it away.").waitFor(SOON);
    await page.keyboard.press("Escape");
    await page.getByRole("article").getByText("Last attempt failed").waitFor(SOON);
    await page.getByRole("link", { name: "Quake III Arena" }).click();
    await rmdir(`${root}/.local.installing`);
    await button(page, /^Install: /u).click(SOON);
    await button(page, /^Play: /u).waitFor(SOON);
    expect(await main.getByText("The last attempt failed.").count()).toBe(0);
  });

  it("says that a game is gone, with a way back", async () => {
    await using party = await createParty([QUAKE], FACTS);
    const page = await open(await party.start());
    await page.evaluate("location.hash = '#/game/nothing-of-the-kind'");
    await page.getByRole("heading", { name: "This game is not here any more." }).waitFor(SOON);
    await page.getByText("Nobody who is here has “nothing-of-the-kind”").waitFor(SOON);
    await page.getByRole("main").getByRole("link", { name: "Library" }).click();
    await page.getByRole("heading", { name: "Quake III Arena", level: 2 }).waitFor(SOON);
  });

  it.each([
    [360, 740, "de-DE"],
    [1_280, 800, "en-US"],
    [1_920, 1_080, "de-DE"],
  ])("fits into %i x %i in %s, and who cannot see it can use it", async (width, height, locale) => {
    await using party = await createParty([QUAKE], FACTS);
    const page = await open(await party.start(), { width, height, locale });
    const isGerman = locale === "de-DE";
    await page.getByRole("heading", { name: isGerman ? "Wer es hat" : "Who has it" }).waitFor(SOON);
    await expectUsable(page, width);
    await button(page, isGerman ? /^Herunterladen: /u : /^Download: /u).click(SOON);
    await button(page, isGerman ? "Deinstallieren" : "Uninstall").click(SOON);
    await page.getByRole("dialog").waitFor(SOON);
    await expectUsable(page, width);
  });
});

/** Pages of the tests before this one miss their app, and say so. */
function complaints({ complaints }: TestBrowser): readonly string[] {
  return complaints.filter((complaint) => !complaint.startsWith("WebSocket connection to"));
}

const SEEN = (what: string) => ({ what, deadlineMs: 30_000 });

async function focused(page: Page): Promise<unknown> {
  return await page.evaluate("document.activeElement?.innerText.trim()");
}

async function expectUsable(page: Page, width: number): Promise<void> {
  expect(await page.evaluate("document.documentElement.scrollWidth")).toBeLessThanOrEqual(width);
  const { violations } = await new AxeBuilder({ page }).analyze();
  const serious = violations.filter(({ impact }) => impact === "serious" || impact === "critical");
  expect(serious.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" ")}`)).toEqual([]);
}
