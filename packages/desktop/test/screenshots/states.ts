import { mkdir, rename } from "node:fs/promises";
import { join, resolve } from "node:path";
import { createRandom } from "@lanspread/testkit";
import type { Page } from "playwright-core";
import { startBrowser } from "../browser/browser.ts";
import { createParty, type Party, type TestGame } from "../browser/party.ts";

// Takes pictures of the built page in many states, to be looked at by a person:
//
//   node --conditions=source test/screenshots/states.ts DIRECTORY [PART-OF-A-NAME]

const SIZES = [
  [1_280, 800],
  [1_920, 1_080],
  [360, 740],
] as const;

interface Scene {
  readonly name: string;
  readonly games: readonly TestGame[];
  /** Leads to what is shown; the party is connected. */
  readonly act?: (page: Page, party: Party) => Promise<void>;
}

const FIRST = ["Iron", "Silent", "Star", "Crimson", "Lost", "Turbo", "Dark", "Hyper", "Wild", "Golden"];
const SECOND = ["Harbour", "Legion", "Drift", "Citadel", "Arena", "Frontier", "Racers", "Tactics", "Empire"];
const GENRES = ["Shooter", "Strategy", "Racing", "Role-playing", "Sports", "Simulation"];

function manyGames(count: number): TestGame[] {
  const random = createRandom(7);
  const pick = (from: readonly string[]): string => from[Math.floor(random() * from.length)] ?? "";
  return Array.from({ length: count }, (_, at) => ({
    id: `game-${at}`,
    name: `${pick(FIRST)} ${pick(SECOND)}${at % 3 === 0 ? ` ${1 + (at % 7)}` : ""}`,
    genre: pick(GENRES),
    files: { "a.txt": "a".repeat(1 + Math.floor(random() * 5_000)) },
  }));
}

const THREE: readonly TestGame[] = [
  { id: "quake", name: "Quake III Arena", files: { "q.txt": "q" }, genre: "Shooter" },
  { id: "doom", name: "Doom", files: { "d.txt": "d" }, genre: "Shooter" },
  { id: "openttd", name: "OpenTTD", files: { "o.txt": "o" }, genre: "Simulation" },
];

const LONG: readonly TestGame[] = [
  {
    id: "long-words",
    name: "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft",
    files: { "a.txt": "a" },
    genre: "Wirtschaftssimulation mit sehr vielen Schiffen und noch mehr Formularen",
  },
  {
    id: "long-name",
    name: "Warhammer 40,000: Dawn of War II – Retribution – The Last Stand – Game of the Year Edition (Remastered)",
    files: { "a.txt": "a" },
    genre: "Strategy",
  },
  { id: "short", name: "N", files: { "a.txt": "a" }, genre: "Jump and run" },
  {
    id: "japanese",
    name: "ファイナルファンタジータクティクス",
    files: { "a.txt": "a" },
    genre: "Role-playing",
  },
  { id: "markup", name: "<b>Bold</b> & “quoted”", files: { "a.txt": "a" }, genre: "Adventure" },
  { id: "no-genre", name: "Nameless", files: { "a.txt": "a" } },
];

const press = (page: Page, name: string) => page.getByRole("button", { name }).first().click();

async function openSettings(page: Page): Promise<void> {
  await page.getByRole("link", { name: "Settings" }).click();
  await page.getByText(/free$/u).or(page.locator(".folder-card.gone")).first().waitFor();
}

const SCENES: readonly Scene[] = [
  { name: "library-0", games: [] },
  {
    name: "library-3",
    games: THREE,
    act: async (page) => {
      await press(page, "Download: Quake III Arena");
      await page.getByRole("button", { name: "Play: Quake III Arena" }).waitFor();
      await page.getByRole("article", { name: "Doom" }).hover();
    },
  },
  { name: "library-1000", games: manyGames(1_000) },
  { name: "library-long", games: LONG },
  {
    name: "library-error",
    games: THREE,
    act: async (page) => {
      await press(page, "Download: Quake III Arena");
      await press(page, "Play: Quake III Arena");
      await page.getByRole("alert").getByText("game_start").waitFor();
    },
  },
  {
    name: "library-search",
    games: THREE,
    act: async (page) => {
      await page.keyboard.press("/");
      await page.keyboard.type("half-life");
    },
  },
  {
    name: "library-view",
    games: manyGames(60),
    act: async (page) => {
      await press(page, "View");
      await page.getByRole("radio", { name: "Wide" }).click({ force: true });
      await page.locator(".grid.wide").waitFor();
    },
  },
  {
    name: "library-square-compact",
    games: manyGames(60),
    act: async (page) => {
      await press(page, "View");
      await page.getByRole("radio", { name: "Square" }).click({ force: true });
      await page.getByRole("radio", { name: "Compact" }).click({ force: true });
      await page.locator(".grid.square.compact").waitFor();
      await page.keyboard.press("Escape");
    },
  },
  { name: "settings", games: THREE, act: openSettings },
  {
    name: "settings-chooser",
    games: THREE,
    act: async (page, party) => {
      for (const name of [
        "Games",
        "Music",
        "Old games",
        "A name that is longer than there is room for it, whatever the window",
      ]) {
        await mkdir(party.dir.join("mine", "games", name));
      }
      await openSettings(page);
      await press(page, "Choose … Game folder");
      await page.getByRole("dialog").getByRole("option").first().waitFor();
    },
  },
  {
    name: "settings-folder-gone",
    games: THREE,
    act: async (page, party) => {
      await rename(party.dir.join("mine", "games"), party.dir.join("mine", "away"));
      await openSettings(page);
      await page.locator(".folder-card.gone").waitFor();
    },
  },
  {
    name: "welcome",
    games: THREE,
    act: async (page) => {
      const ask = { type: "change-settings", id: 1, change: { welcomed: null } };
      await page.evaluate(`{
        const socket = new WebSocket("/socket");
        socket.onopen = () => socket.send(${JSON.stringify(JSON.stringify(ask))});
      }`);
      await page.getByRole("heading", { name: "Who are you?" }).waitFor();
    },
  },
];

const [, , target = ".", wanted = ""] = process.argv;
const directory = resolve(target);
await mkdir(directory, { recursive: true });
await using browser = await startBrowser();
for (const { name, games, act } of SCENES.filter((scene) => scene.name.includes(wanted))) {
  for (const [width, height] of SIZES) {
    await using party = await createParty(games);
    const page = await browser.open((await party.start()).openAddress(), { width, height });
    if (games.length > 0) await page.getByRole("article").first().waitFor();
    await act?.(page, party);
    // Movements end before the picture is taken.
    await page.screenshot({ path: join(directory, `${name}-${width}.png`), animations: "disabled" });
    await page.context().close();
  }
}
for (const complaint of new Set(browser.complaints)) process.stderr.write(`${complaint}\n`);
