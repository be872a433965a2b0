import { existsSync } from "node:fs";
import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { mdnsDiscovery } from "@lanspread/peer";
import { eventually, seededBytes } from "@lanspread/testkit";
import type { Locator, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { browserUnavailable, IN_A_BROWSER, startBrowser, type TestBrowser } from "./browser.ts";
import { pacedSocket } from "./paced-socket.ts";
import { createParty, makeGame, type TestGame } from "./party.ts";

const MIB = 1024 ** 2;
const QUAKE: TestGame = { id: "quake", name: "Quake III Arena", files: { "quake.txt": "fragged" } };
const DOOM: TestGame = { id: "doom", name: "Doom", files: { "doom.wad": seededBytes(2, 12 * MIB) } };

/** Of the slow source, bytes per second: so little that a download takes long enough for what is done meanwhile, and then no more. */
const SLOW = MIB;
const FAST = Number.POSITIVE_INFINITY;

/** For steps of a person, on a machine that has other things to do. */
const SOON = { timeout: 30_000 };

const card = (page: Page, { name }: TestGame): Locator => page.getByRole("article", { name });
const action = (page: Page, what: string, { name }: TestGame): Locator =>
  page.getByRole("button", { name: `${what}: ${name}` });

describe.skipIf(browserUnavailable !== undefined)(`a game, from first to last${IN_A_BROWSER}`, () => {
  let browser: TestBrowser;

  beforeAll(async () => {
    browser = await startBrowser();
  });

  afterAll(() => browser[Symbol.asyncDispose]());

  it("comes with the player who has it, who is found without being named, and goes with them", async () => {
    const found = { discovery: mdnsDiscovery() };
    await using party = await createParty([QUAKE], {}, found);
    const desktop = await party.start(found);
    const page = await browser.open(desktop.openAddress());
    await action(page, "Download", QUAKE).waitFor(SOON);
    await card(page, QUAKE).getByText("1 player has it").waitFor(SOON);
    const ada = await party.join("Ada", [QUAKE], found);
    await card(page, QUAKE).getByText("2 players have it").waitFor(SOON);
    await ada.stop();
    await card(page, QUAKE).getByText("1 player has it").waitFor(SOON);
    await party.other.stop();
    await action(page, "Download", QUAKE).waitFor({ state: "detached", ...SOON });
    await expectNoComplaint(page);
  });

  it("is downloaded with progress, cancelled without a failure, and downloaded whole at last", async () => {
    const line = { bytesPerSecond: SLOW };
    await using party = await createParty([DOOM], {}, { socket: pacedSocket(line) });
    const page = await browser.open((await party.start()).openAddress());
    await action(page, "Download", DOOM).click(SOON);
    const bar = card(page, DOOM).getByRole("progressbar");
    const shares = await risingShares(bar, 3);
    expect(shares[0]).toBeGreaterThanOrEqual(0);
    expect(shares.at(-1)).toBeLessThan(1);
    await card(page, DOOM)
      .getByText(/\d+ % .*[KM]B\/s/u)
      .waitFor(SOON);
    await action(page, "Cancel", DOOM).click(SOON);
    await action(page, "Download", DOOM).waitFor(SOON);
    await bar.waitFor({ state: "detached", ...SOON });
    expect(await page.getByRole("alert").textContent()).toBe("");
    await card(page, DOOM)
      .getByText("Installed", { exact: true })
      .waitFor({ state: "detached", ...SOON });

    line.bytesPerSecond = FAST;
    await action(page, "Download", DOOM).click(SOON);
    await action(page, "Play", DOOM).waitFor(SOON);
    await card(page, DOOM).getByText("Installed", { exact: true }).waitFor(SOON);
    await bar.waitFor({ state: "detached", ...SOON });
    const { size } = await stat(party.dir.join("mine", "games", "doom", "local", "doom.wad"));
    expect(size).toBe(12 * MIB);
    await expectNoComplaint(page);
  });

  it("is installed where it was downloaded before, and updated when somebody has a newer one", async () => {
    await using party = await createParty([QUAKE]);
    await makeGame(party.dir.join("mine", "games", QUAKE.id), QUAKE);
    const desktop = await party.start();
    const page = await browser.open(desktop.openAddress());
    const installed = party.dir.join("mine", "games", "quake", "local", "quake.txt");
    await card(page, QUAKE).getByText("Downloaded", { exact: true }).waitFor(SOON);
    await action(page, "Install", QUAKE).click(SOON);
    await action(page, "Play", QUAKE).waitFor(SOON);
    expect(await readFile(installed, "utf8")).toBe("fragged");

    const newer = { ...QUAKE, version: "20250101", files: { "quake.txt": "fragged anew" } };
    const ada = await party.join("Ada", [newer]);
    await ada.send({ type: "connect", addr: desktop.host.peer.addr });
    await action(page, "Update", QUAKE).click(SOON);
    await action(page, "Play", QUAKE).waitFor(SOON);
    await eventually(async () => (await readFile(installed, "utf8")) === "fragged anew", {
      what: "the update",
    });
    expect(await page.getByRole("alert").textContent()).toBe("");
    await expectNoComplaint(page);
  });

  it("is uninstalled and its files removed, each behind a question", async () => {
    await using party = await createParty([QUAKE]);
    const page = await browser.open((await party.start()).openAddress());
    const root = party.dir.join("mine", "games", "quake");
    await action(page, "Download", QUAKE).click(SOON);
    await action(page, "Play", QUAKE).waitFor(SOON);
    await card(page, QUAKE).getByRole("link", { name: QUAKE.name }).click();

    await page.getByRole("button", { name: "Uninstall", exact: true }).click(SOON);
    const question = page.getByRole("dialog", { name: `Uninstall ${QUAKE.name}?` });
    await question.getByRole("button", { name: "Keep it" }).click(SOON);
    await question.waitFor({ state: "detached", ...SOON });
    expect(await readFile(join(root, "local", "quake.txt"), "utf8")).toBe("fragged");
    await page.getByRole("button", { name: "Uninstall", exact: true }).click();
    await question.getByRole("button", { name: "Uninstall", exact: true }).click(SOON);
    await page.getByRole("button", { name: /^Install/u }).waitFor(SOON);
    await eventually(() => !existsSync(join(root, "local")), { what: "an end of the install" });
    expect(existsSync(join(root, "game.eti"))).toBe(true);

    await page.getByRole("button", { name: "Remove files", exact: true }).click();
    const warning = page.getByRole("dialog", { name: `Remove the files of ${QUAKE.name}?` });
    await warning.getByRole("button", { name: "Remove files", exact: true }).click(SOON);
    await page
      .getByRole("button", { name: /^Download/u })
      .first()
      .waitFor(SOON);
    await eventually(() => !existsSync(join(root, "game.eti")), { what: "an end of the files" });
    expect(existsSync(party.dir.join("peer-0", "games", "quake", "game.eti"))).toBe(true);
    await expectNoComplaint(page);
  });

  it("is got, installed, uninstalled and removed with the keyboard alone", async () => {
    await using party = await createParty([QUAKE, DOOM]);
    const page = await browser.open((await party.start()).openAddress());
    await card(page, DOOM).waitFor(SOON);
    await page.keyboard.press("/");
    await page.keyboard.type("quake");
    await card(page, DOOM).waitFor({ state: "detached", ...SOON });
    await tabTo(page, action(page, "Download", QUAKE));
    await page.keyboard.press("Enter");
    await action(page, "Play", QUAKE).waitFor(SOON);
    await tabTo(page, card(page, QUAKE).getByRole("link", { name: QUAKE.name }));
    await page.keyboard.press("Enter");
    for (const [what, then] of [
      ["Uninstall", /^Install/u],
      ["Remove files", /^Download/u],
    ] as const) {
      const asked = page.getByRole("button", { name: what, exact: true });
      await asked.waitFor(SOON);
      await tabTo(page, asked);
      await page.keyboard.press("Enter");
      const dialog = page.getByRole("dialog");
      await dialog.waitFor(SOON);
      await page.keyboard.press("Escape");
      await dialog.waitFor({ state: "detached", ...SOON });
      // Where one was: a question that was closed leads back to its button.
      expect(await isFocused(asked)).toBe(true);
      await page.keyboard.press("Enter");
      await dialog.waitFor(SOON);
      await tabTo(page, dialog.getByRole("button", { name: what, exact: true }));
      await page.keyboard.press("Enter");
      await page.getByRole("button", { name: then }).first().waitFor(SOON);
    }
    await page.keyboard.press("Escape");
    await card(page, QUAKE).waitFor(SOON);
    await expectNoComplaint(page);
  });

  /** Closes the page before its app ends, which it would complain of. */
  async function expectNoComplaint(page: Page): Promise<void> {
    await page.context().close();
    expect(browser.complaints).toEqual([]);
  }
});

/** Presses Tab until something is reached; fails where that is never. */
async function tabTo(page: Page, wanted: Locator): Promise<void> {
  for (let pressed = 0; pressed < 40; pressed += 1) {
    if (await isFocused(wanted)) return;
    await page.keyboard.press("Tab");
  }
  throw new Error(`Tab never leads to ${wanted}`);
}

async function isFocused(wanted: Locator): Promise<boolean> {
  return await wanted.evaluate((element) => element === element.ownerDocument.activeElement);
}

/** What a bar shows at so many moments, each more than before. */
async function risingShares(bar: Locator, moments: number): Promise<number[]> {
  const shares: number[] = [];
  await eventually(
    async () => {
      const shown = await bar.getAttribute("value", { timeout: 1_000 });
      if (shown !== null && Number(shown) > (shares.at(-1) ?? -1)) shares.push(Number(shown));
      return shares.length >= moments;
    },
    { what: "progress", deadlineMs: SOON.timeout },
  );
  return shares;
}
