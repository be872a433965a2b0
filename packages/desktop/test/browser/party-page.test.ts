import { AxeBuilder } from "@axe-core/playwright";
import { asGameId } from "@lanspread/proto";
import { eventually, seededBytes } from "@lanspread/testkit";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { browserUnavailable, IN_A_BROWSER, startBrowser, type TestBrowser } from "./browser.ts";
import { pacedSocket } from "./paced-socket.ts";
import { createParty, type TestGame } from "./party.ts";

const MIB = 1024 ** 2;
const QUAKE: TestGame = { id: "quake", name: "Quake III Arena", files: { "quake.txt": "fragged" } };
const DOOM: TestGame = { id: "doom", name: "Doom", files: { "doom.wad": seededBytes(2, 12 * MIB) } };

/** Of slow sources, bytes per second: so little that a download takes long enough for who looks at it, and then no more. */
const SLOW = MIB;
const FAST = Number.POSITIVE_INFINITY;

/** For steps of a person, on a machine that has other things to do. */
const SOON = { timeout: 30_000 };

describe.skipIf(browserUnavailable !== undefined)(`the page of the party${IN_A_BROWSER}`, () => {
  let browser: TestBrowser;

  beforeAll(async () => {
    browser = await startBrowser();
  });

  afterAll(() => browser[Symbol.asyncDispose]());

  it("shows who is here with what, as they come, change and leave", async () => {
    await using party = await createParty([QUAKE, DOOM]);
    const desktop = await party.start();
    const page = await browser.open(desktop.openAddress());
    await page.getByRole("link", { name: "Party", exact: true }).click(SOON);
    await person(page, "Grace").getByText(`2 games · here since`).waitFor(SOON);
    await person(page, "Grace").getByText(party.other.addr).waitFor(SOON);
    await page.getByRole("link", { name: /^Party: 2 players/u }).waitFor(SOON);
    await becomes(page, "Quake III Arena", ["–does not have it", "●2024.01.01newest version"]);

    const linus = await party.join("Linus", [{ ...QUAKE, version: "20250101" }]);
    await linus.send({ type: "connect", addr: desktop.host.peer.addr });
    await person(page, "Linus").getByText("1 game · here since").waitFor(SOON);
    await becomes(page, "Quake III Arena", [
      "–does not have it",
      "◐2024.01.01older version",
      "●2025.01.01newest version",
    ]);
    await becomes(page, "Doom", ["–does not have it", "●2024.01.01newest version", "–does not have it"]);
    await page.getByRole("combobox", { name: "Show" }).selectOption({ label: "Everybody has it" });
    await page.getByText("No game fits.").waitFor(SOON);
    await page.getByRole("combobox", { name: "Show" }).selectOption({ label: "All games" });

    await linus.stop();
    await person(page, "Linus").waitFor({ state: "detached", ...SOON });
    await becomes(page, "Quake III Arena", ["–does not have it", "●2024.01.01newest version"]);
    expect(complaints(browser)).toEqual([]);
  });

  it("shows who sends to whom, with rates, and what it has then", async () => {
    const line = { bytesPerSecond: SLOW };
    await using party = await createParty([DOOM], {}, { socket: pacedSocket(line) });
    const desktop = await party.start({ socket: pacedSocket(line) });
    const page = await browser.open(desktop.openAddress());
    await page.getByRole("button", { name: "Download: Doom" }).click(SOON);
    await page.getByRole("link", { name: "Party", exact: true }).click(SOON);
    const coming = page.getByRole("listitem").filter({ hasText: /^.*Grace.*sends to.*You.*Doom/u });
    await coming.getByText(/^[\d.]+ [KM]B\/s$/u).waitFor(SOON);
    await person(page, "Grace")
      .getByText(/sends you [\d.]+ [KM]B\/s/u)
      .waitFor(SOON);
    await page.getByRole("link", { name: /Receiving [\d.]+ [KM]B\/s, sending 0 B\/s/u }).waitFor(SOON);
    await page.getByText(/^Total of this computer/u).waitFor(SOON);
    line.bytesPerSecond = FAST;
    await coming.waitFor({ state: "detached", ...SOON });
    await becomes(page, "Doom", ["●2024.01.01newest version", "●2024.01.01newest version"]);

    const linus = await party.join("Linus", []);
    await linus.send({ type: "connect", addr: desktop.host.peer.addr });
    await eventually(() => linus.snapshot().games.length === 1, { what: "Doom at Linus'" });
    line.bytesPerSecond = SLOW;
    await linus.send({ type: "download-game-files", gameId: asGameId("doom"), install: false });
    const going = page.getByRole("listitem").filter({ hasText: /^.*You.*sends to.*Linus.*Doom/u });
    await going.getByText(/^[\d.]+ [KM]?B\/s$/u).waitFor(SOON);
    await person(page, "Linus")
      .getByText(/gets [\d.]+ [KM]?B\/s from you/u)
      .waitFor(SOON);
    line.bytesPerSecond = FAST;
    await going.waitFor({ state: "detached", ...SOON });
    await page.getByText("Nothing is being sent to you or by you at the moment.").waitFor(SOON);
    expect(complaints(browser)).toEqual([]);
  });

  it("has of hundreds of games those that are seen, where one scrolls to", async () => {
    const games = Array.from({ length: 300 }, (_, index) => {
      const number = String(index).padStart(3, "0");
      return { id: `game-${number}`, name: `Game ${number}`, files: { "game.txt": number } };
    });
    await using party = await createParty(games);
    let columns = 4;
    const desktop = await party.start();
    const page = await browser.open(desktop.openAddress(), { width: 360 });
    await page.getByRole("link", { name: "Party", exact: true }).click(SOON);
    await page.getByRole("row", { name: "Game 000" }).waitFor(SOON);
    // So many that those on the left are gone when one scrolls to the right.
    for (const name of ["Linus", "Margaret", "Niklaus", "Radia", "Somebody", "Zelda"]) {
      const peer = await party.join(name, []);
      await peer.send({ type: "connect", addr: desktop.host.peer.addr });
      await page
        .getByRole("table")
        .and(page.locator(`[aria-colcount="${columns}"]`))
        .waitFor(SOON);
      columns += 1;
    }
    // Forty pixels each.
    await page.locator(".grid-box").evaluate((box) => box.scrollTo(500, 8_000));
    await page.getByRole("row", { name: "Game 205" }).waitFor(SOON);
    expect(await page.getByRole("row").count()).toBeLessThan(60);
    await page.getByRole("columnheader", { name: "Somebody" }).waitFor(SOON);
    expect(await page.getByRole("columnheader", { name: "You" }).count()).toBe(0);
    await page.getByRole("searchbox", { name: "Search games of the party" }).fill("game 007");
    await page.getByRole("row", { name: "Game 007" }).waitFor(SOON);
    expect(await page.getByRole("table").getAttribute("aria-rowcount")).toBe("2");
  });

  it("says who cannot join, and why, until they can", async () => {
    await using party = await createParty([]);
    const desktop = await party.start();
    const page = await browser.open(desktop.openAddress());
    await page.getByRole("link", { name: "Party", exact: true }).click(SOON);
    await person(page, "Grace").waitFor(SOON);
    const stranger = await party.join("Eve", [], { party: "somebody-elses" });
    await expect(stranger.send({ type: "connect", addr: desktop.host.peer.addr })).rejects.toMatchObject({
      code: "wrong-party",
    });
    const cannot = page.getByRole("list", { name: "Cannot join" }).getByRole("listitem");
    await cannot.getByText(/somebody-elses/u).waitFor(SOON);
    expect(await person(page, "Eve").count()).toBe(0);
  });

  it.each([
    [360, 740, "en-US"],
    [360, 740, "de-DE"],
    [1_920, 1_080, "en-US"],
  ])("fits into %i x %i (%s), and who cannot see it can use it", async (width, height, locale) => {
    await using party = await createParty([QUAKE, DOOM]);
    const desktop = await party.start();
    const page = await browser.open(desktop.openAddress(), { width, height, locale });
    await page.getByRole("link", { name: "Party", exact: true }).click(SOON);
    await page.getByRole("row", { name: /Doom/u }).waitFor(SOON);
    for (const name of ["Linus", "Somebody with the longest of all names"]) {
      const peer = await party.join(name, [QUAKE]);
      await peer.send({ type: "connect", addr: desktop.host.peer.addr });
      await page.getByRole("columnheader", { name }).waitFor({ state: "attached", ...SOON });
    }
    expect(await page.evaluate("document.documentElement.scrollWidth")).toBeLessThanOrEqual(width);
    const { violations } = await new AxeBuilder({ page }).analyze();
    const serious = violations.filter(({ impact }) => impact === "serious" || impact === "critical");
    expect(serious.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" ")}`)).toEqual([]);
  });
});

/** Pages of the tests before this one miss their app, and say so. */
function complaints({ complaints }: TestBrowser): readonly string[] {
  return complaints.filter((complaint) => !complaint.startsWith("WebSocket connection to"));
}

function person(page: Page, name: string) {
  return page.getByRole("listitem").filter({ has: page.getByRole("heading", { name, exact: true }) });
}

/** What a screen reader finds in the cells of a game. */
function cells(page: Page, game: string): Promise<string[]> {
  return page.getByRole("row", { name: game }).getByRole("cell").allTextContents();
}

async function becomes(page: Page, game: string, wanted: readonly string[]): Promise<void> {
  await eventually(async () => JSON.stringify(await cells(page, game)) === JSON.stringify(wanted), {
    what: `the row of ${game}`,
    deadlineMs: SOON.timeout,
  });
}
