import { mkdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Locator, Page, WebSocketRoute } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { browserUnavailable, IN_A_BROWSER, startBrowser, type TestBrowser } from "./browser.ts";
import { createParty, makeGame, type TestGame } from "./party.ts";

const QUAKE: TestGame = { id: "quake", name: "Quake III Arena", files: { "quake.txt": "fragged" } };

/** For steps of a person, on a machine that has other things to do. */
const SOON = { timeout: 30_000 };

const card = (page: Page): Locator => page.getByRole("article", { name: QUAKE.name });
const action = (page: Page, what: string): Locator =>
  page.getByRole("button", { name: `${what}: ${QUAKE.name}` });

/** Lets a page's messages through until it is told to hold those of the shell back. */
interface Gate {
  isHeld: boolean;
  /** What the page has asked. */
  readonly asked: string[];
  open(): void;
}

async function gateOf(page: Page): Promise<Gate> {
  const held: (string | Buffer)[] = [];
  const routes: WebSocketRoute[] = [];
  const gate: Gate = {
    isHeld: false,
    asked: [],
    open: () => {
      gate.isHeld = false;
      for (const message of held.splice(0)) routes.at(-1)?.send(message);
    },
  };
  await page.routeWebSocket(/\/socket$/u, (route) => {
    routes.push(route);
    const server = route.connectToServer();
    route.onMessage((message) => {
      gate.asked.push(String(message));
      server.send(message);
    });
    server.onMessage((message) => (gate.isHeld ? held.push(message) : route.send(message)));
  });
  await page.reload();
  return gate;
}

describe.skipIf(browserUnavailable !== undefined)(`the library${IN_A_BROWSER}`, () => {
  let browser: TestBrowser;

  beforeAll(async () => {
    browser = await startBrowser();
  });

  afterAll(() => browser[Symbol.asyncDispose]());

  it("does not say Installed of a game whose folder was deleted", async () => {
    await using party = await createParty([QUAKE]);
    const page = await browser.open((await party.start()).openAddress());
    await action(page, "Download").click(SOON);
    await action(page, "Play").waitFor(SOON);
    await card(page).getByText("Installed", { exact: true }).waitFor(SOON);
    await rm(party.dir.join("mine", "games", QUAKE.id), { recursive: true });
    await action(page, "Download").waitFor(SOON);
    await card(page).getByText("Offered").waitFor(SOON);
    expect(await card(page).getByText("Installed", { exact: true }).count()).toBe(0);
    await page.context().close();
  });

  it("does not show a saved folder that is gone as a library without games, and shows its games when it is back", async () => {
    await using party = await createParty([QUAKE]);
    const [saved, away] = [party.dir.join("mine", "saved"), party.dir.join("mine", "away")];
    await mkdir(saved);
    await makeGame(join(saved, QUAKE.id), QUAKE);
    const first = await party.start();
    await first.host.answer(
      { type: "change-settings", id: 1, change: { gamesDir: saved } },
      AbortSignal.timeout(30_000),
    );
    await first[Symbol.asyncDispose]();
    await rename(saved, away);
    const page = await browser.open((await party.start()).openAddress());
    await page.getByRole("alert").getByText(saved).waitFor(SOON);
    await page.getByRole("link", { name: "Open settings" }).waitFor(SOON);
    // What others have is there; of the own one nothing is known.
    await action(page, "Download").waitFor(SOON);
    await rename(away, saved);
    await action(page, "Install").waitFor(SOON);
    await page
      .getByRole("alert")
      .getByText(saved)
      .waitFor({ state: "detached", ...SOON });
    await page.context().close();
  });

  it("has one writer of a game's status, the shell: a click changes nothing before that has said so", async () => {
    await using party = await createParty([QUAKE]);
    const desktop = await party.start();
    const page = await browser.open(desktop.openAddress());
    const gate = await gateOf(page);
    await action(page, "Download").waitFor(SOON);
    const before = await card(page).innerHTML();
    gate.isHeld = true;
    gate.asked.length = 0;
    await action(page, "Download").click(SOON);
    const isOver = (): boolean => desktop.host.snapshot().games.some(({ installed }) => installed);
    await expect.poll(isOver, SOON).toBe(true);
    // All of it is over, and the page has not heard of it.
    expect(await card(page).innerHTML()).toBe(before);
    gate.open();
    await action(page, "Play").waitFor(SOON);
    expect(gate.asked.filter((asked) => asked.includes("download-game-files"))).toHaveLength(1);
    await page.context().close();
  });

  it("has no timer that invents an absence of others, however long nothing happens", async () => {
    await using party = await createParty([QUAKE]);
    const page = await browser.open((await party.start()).openAddress());
    await page.clock.install();
    const gate = await gateOf(page);
    await card(page).getByText("1 player has it").waitFor(SOON);
    gate.isHeld = true;
    // Days of silence, for the page alone; every timer of its own has run.
    for (let hour = 0; hour < 48; hour += 1) await page.clock.fastForward("01:00:00");
    await card(page).getByText("1 player has it").waitFor(SOON);
    await action(page, "Download").waitFor(SOON);
    expect(await page.getByRole("alert").textContent()).toBe("");
    gate.open();
    await party.other.stop();
    await action(page, "Download").waitFor({ state: "detached", ...SOON });
    await page.context().close();
  });
});
