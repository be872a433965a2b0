import { AxeBuilder } from "@axe-core/playwright";
import { createUnrarJsUnpacker, silentLogger, type Unpacker } from "@lanspread/peer";
import { asGameId } from "@lanspread/proto";
import { eventually } from "@lanspread/testkit";
import type { Dialog, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Desktop, startDesktop } from "../../shell/index.ts";
import { browserUnavailable, IN_A_BROWSER, startBrowser, type TestBrowser } from "./browser.ts";
import { createParty, type TestGame } from "./party.ts";

const QUAKE: TestGame = { id: "quake", name: "Quake III Arena", files: { "quake.txt": "fragged" } };

/** For steps of a person, on a machine that has other things to do. */
const SOON = { timeout: 30_000 };

interface Held {
  readonly unpacker: Unpacker;
  /** Lets go of what is unpacked. */
  readonly release: () => void;
}

/** Unpacks when it is let to: until then the game is being installed. */
function heldUnpacker(): Held {
  const unpacker = createUnrarJsUnpacker();
  const { promise, resolve } = Promise.withResolvers<void>();
  const unpack: Unpacker["unpack"] = async (options) => {
    await promise;
    return await unpacker.unpack(options);
  };
  return { unpacker: { ...unpacker, unpack }, release: resolve };
}

async function installing(desktop: Desktop): Promise<void> {
  const gameId = asGameId(QUAKE.id);
  await desktop.host.peer.send({ type: "download-game-files", gameId, install: true, latest: false });
  await eventually(() => desktop.host.peer.snapshot().status.operations[0]?.kind === "installing", {
    what: "the install",
  });
}

async function openMenu(page: Page): Promise<void> {
  await page.getByRole("button", { name: "Menu" }).click(SOON);
  await page.getByRole("menu").waitFor(SOON);
}

/** Closes a window as its button does. @returns what was asked, where something was */
async function closing(page: Page): Promise<Dialog | null> {
  const asked = new Promise<Dialog>((resolve) => page.once("dialog", resolve));
  const closed = new Promise<null>((resolve) => page.once("close", () => resolve(null)));
  await page.close({ runBeforeUnload: true });
  return await Promise.race([asked, closed]);
}

/** Resolves when the page knows all that the shell knows now: it has heard of something that the shell told later. */
async function untilTold(desktop: Desktop, page: Page): Promise<void> {
  const { signal } = new AbortController();
  for (const [language, text] of [
    ["de", "Installiert"],
    ["en", "Installed"],
  ] as const) {
    await desktop.host.answer({ type: "change-settings", id: 1, change: { language } }, signal);
    await page.getByRole("button", { name: text, exact: true }).first().waitFor(SOON);
  }
}

/** A browser asks for who has done something in the window only. */
async function touch(page: Page): Promise<void> {
  await page.getByRole("button", { name: "Installed" }).first().click(SOON);
}

describe.skipIf(browserUnavailable !== undefined)(`the menu, and leaving${IN_A_BROWSER}`, () => {
  let browser: TestBrowser;

  beforeAll(async () => {
    browser = await startBrowser();
  });

  afterAll(() => browser[Symbol.asyncDispose]());

  it("opens and is walked through by keyboard, and gives the focus back", async () => {
    await using party = await createParty([]);
    const page = await browser.open((await party.start()).openAddress());
    const button = page.getByRole("button", { name: "Menu" });
    const focused = () => page.evaluate("document.activeElement.textContent");
    await button.focus(SOON);
    await page.keyboard.press("Enter");
    await expect.poll(focused, SOON).toBe("Open another window");
    await page.keyboard.press("ArrowUp");
    expect(await focused()).toBe("Quit");
    await page.keyboard.press("Home");
    await page.keyboard.press("ArrowDown");
    expect(await focused()).toBe("Open game folder");
    await page.keyboard.press("l");
    expect(await focused()).toBe("Logs");
    const { violations } = await new AxeBuilder({ page }).analyze();
    const serious = violations.filter(({ impact }) => impact === "serious" || impact === "critical");
    expect(serious.map(({ id }) => id)).toEqual([]);
    await page.keyboard.press("Escape");
    await page.getByRole("menu").waitFor({ state: "detached", ...SOON });
    expect(await focused()).toBe("☰");
    await openMenu(page);
    await page.getByRole("menuitem", { name: "About lanspread" }).click();
    await page.getByRole("dialog", { name: "lanspread 1.2.3" }).waitFor(SOON);
    await page.keyboard.press("Escape");
    await page.getByRole("dialog").waitFor({ state: "detached", ...SOON });
    await openMenu(page);
    await page.mouse.click(5, 500);
    await page.getByRole("menu").waitFor({ state: "detached", ...SOON });
    expect(browser.complaints).toEqual([]);
  });

  it("stays in a narrow window", async () => {
    await using party = await createParty([]);
    const page = await browser.open((await party.start()).openAddress(), { width: 360, height: 740 });
    await openMenu(page);
    const box = await page.getByRole("menu").boundingBox();
    expect(box?.x).toBeGreaterThanOrEqual(0);
    expect((box?.x ?? 0) + (box?.width ?? 0)).toBeLessThanOrEqual(360);
  });

  it("quits at once where nothing is under way, and asks where games are", async () => {
    await using party = await createParty([QUAKE]);
    const { unpacker, release } = heldUnpacker();
    let quits = 0;
    await using desktop = await startDesktop({
      peer: { ...party.setup.peer, unpacker },
      version: "1.2.3",
      logger: silentLogger,
      onQuit: () => {
        quits += 1;
      },
    });
    await desktop.host.peer.send({ type: "connect", addr: party.other.addr });
    const page = await browser.open(desktop.openAddress());
    await page.getByRole("article", { name: QUAKE.name }).waitFor(SOON);
    await installing(desktop);
    await openMenu(page);
    await page.getByRole("menuitem", { name: "Quit" }).click();
    const dialog = page.getByRole("dialog", { name: "Quit while games are on their way?" });
    await dialog.getByText("A game is being worked on here.").waitFor(SOON);
    await dialog.getByRole("button", { name: "Stay" }).click();
    await dialog.waitFor({ state: "detached", ...SOON });
    expect(quits).toBe(0);
    release();
    await page.getByRole("button", { name: `Play: ${QUAKE.name}` }).waitFor(SOON);
    await openMenu(page);
    await page.getByRole("menuitem", { name: "Quit" }).click();
    await expect.poll(() => quits, SOON).toBe(1);
    await desktop[Symbol.asyncDispose]();
    await page.getByText("lanspread has ended. You can close this window.").waitFor(SOON);
  });

  it("asks before the last window is closed while a game is installed, and not before another one", async () => {
    await using party = await createParty([QUAKE]);
    const { unpacker, release } = heldUnpacker();
    const desktop = await party.start({ unpacker });
    const page = await browser.open(desktop.openAddress());
    await page.getByRole("article", { name: QUAKE.name }).waitFor(SOON);
    await touch(page);
    await installing(desktop);
    const other = await browser.open(desktop.openAddress());
    await other.getByRole("article", { name: QUAKE.name }).waitFor(SOON);
    await touch(other);
    await eventually(() => desktop.windows.count === 2, { what: "both windows" });
    expect(await closing(other)).toBeNull();
    await eventually(() => desktop.windows.count === 1, { what: "one window" });
    await untilTold(desktop, page);
    const asked = await closing(page);
    expect(asked?.type()).toBe("beforeunload");
    await asked?.dismiss();
    expect(page.isClosed()).toBe(false);
    release();
    await page.getByRole("button", { name: `Play: ${QUAKE.name}` }).waitFor(SOON);
    expect(await closing(page)).toBeNull();
    await eventually(() => desktop.windows.count === 0, { what: "no window" });
  });
});
