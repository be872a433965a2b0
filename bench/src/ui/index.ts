import { mkdir } from "node:fs/promises";
import { temporaryDirectory } from "@lanspread/testkit";
import type { Bar, Bench, BenchContext, Report, Table } from "../bench.ts";
import { Child } from "../child.ts";
import { median } from "../statistics.ts";
import { browserHere, openBrowser, until } from "./browser.ts";
import { type BuiltFile, builtFiles, bundleTable, sum } from "./bundle.ts";
import {
  BAR_BUNDLE_BYTES,
  BAR_CPU_PERCENT,
  BAR_FIRST_PAINT_MS,
  BAR_FRAME_MS,
  DOWNLOADS,
  FULL,
  GAMES,
  SHORT,
} from "./constants.ts";
import type { DevTools } from "./devtools.ts";
import { downloadsTable, measureDownloads, type Watched } from "./downloads.ts";
import { measureStarts, type Start, startTable } from "./first-paint.ts";
import type { PagesSettings, Served, Tell } from "./messages.ts";
import { LIBRARY, longest, measureScroll, PARTY, type Scroll, scrollTable } from "./scrolling.ts";

const PAGES = new URL(`./hosts/pages${import.meta.url.endsWith(".ts") ? ".ts" : ".js"}`, import.meta.url);

/** The app's page: how soon it is there, how it scrolls, what downloads cost it, and how large it is. */
export const uiBench: Bench = {
  name: "ui",
  summary: "the app's page: first paint, scrolling, what downloads cost it, and its size",
  run,
};

export interface Measured {
  readonly starts: readonly Start[];
  readonly scrolls: { readonly library: readonly Scroll[]; readonly party: readonly Scroll[] };
  readonly watched: { readonly library: readonly Watched[]; readonly party: readonly Watched[] };
}

async function run(context: BenchContext): Promise<Report> {
  const files = await builtFiles();
  const browser = await browserHere();
  return reportOf(browser === undefined ? null : await measure(browser, context), files);
}

/** @param measured null where no browser is here */
export function reportOf(measured: Measured | null, files: readonly BuiltFile[]): Report {
  return {
    bench: "ui",
    tables: [...(measured === null ? [] : tablesOf(measured)), bundleTable(files)],
    bars: barsOf(measured, files),
    notes:
      measured === null
        ? [
            "Only the size of the page was looked at: no Chromium is here (apt-get install chromium, or CHROME_PATH).",
          ]
        : [
            `Chromium without a window (--headless=new) and without a graphics card, 1280 x 800. Medians of ${measured.scrolls.library.length} rounds.`,
            "First paint: from the start of `lanspread desktop`, with the start of its browser, until the page has painted the outline of what it shows (first-contentful-paint); games painted: largest-contentful-paint.",
          ],
  };
}

async function measure(browser: string, context: BenchContext): Promise<Measured> {
  const { short, progress, signal } = context;
  const amounts = short ? SHORT : FULL;
  await using dir = await temporaryDirectory("lanspread-bench-");
  const starts = await measureStarts(dir.path, amounts.rounds, context);
  const scrolls = { library: [] as Scroll[], party: [] as Scroll[] };
  const watched = { library: [] as Watched[], party: [] as Watched[] };
  for (let round = 0; round < amounts.rounds; round += 1) {
    progress(`round ${round + 1} of ${amounts.rounds}: scrolling and downloads`);
    const settings = { gamesDir: dir.join("empty"), stateDir: dir.join(`state-${round}`) };
    await mkdir(settings.gamesDir, { recursive: true });
    await using pages = new Child({ module: PAGES, settings: settings satisfies PagesSettings, signal });
    const { address } = (await pages.says()) as Served;
    const tell = (isDownloading: boolean): void => pages.tell({ isDownloading } satisfies Tell);
    await using open = await openBrowser(browser, { address, profile: dir.join(`profile-${round}`), signal });
    const { tools } = open;
    await showPage(tools, "library", "article", signal);
    scrolls.library.push(await measureScroll(tools, LIBRARY, amounts.libraryWheels, signal));
    await tools.evaluate("scrollTo(0, 0)");
    watched.library.push(await measureDownloads(tools, tell, amounts.watchedMs, signal));
    await showPage(tools, "party", ".grid-box tbody a", signal);
    watched.party.push(await measureDownloads(tools, tell, amounts.watchedMs, signal));
    scrolls.party.push(await measureScroll(tools, PARTY, amounts.partyWheels, signal));
  }
  return { starts, scrolls, watched };
}

async function showPage(tools: DevTools, page: string, sign: string, signal: AbortSignal): Promise<void> {
  await until(tools, `document.querySelector("nav")`, signal);
  await tools.evaluate(`location.hash = "#/${page}"`);
  await until(tools, `document.querySelector(${JSON.stringify(sign)})`, signal);
}

function tablesOf({ starts, scrolls, watched }: Measured): Table[] {
  return [
    startTable(starts),
    scrollTable([
      [LIBRARY, scrolls.library],
      [PARTY, scrolls.party],
    ]),
    downloadsTable([
      ["library", watched.library],
      ["party", watched.party],
    ]),
  ];
}

function barsOf(measured: Measured | null, files: readonly BuiltFile[]): Bar[] {
  const later = measured?.starts.slice(1) ?? [];
  return [
    {
      what: "first paint, ms from the start of the shell's process",
      measured: median(later.map(({ painted }) => painted)),
      atMost: BAR_FIRST_PAINT_MS,
    },
    {
      what: `longest frame while ${GAMES} cards are scrolled, ms`,
      measured: median(measured?.scrolls.library.map(longest) ?? []),
      atMost: BAR_FRAME_MS,
    },
    {
      what: `CPU of the page with ${DOWNLOADS} downloads, % of one core`,
      measured: median(measured?.watched.library.map(({ busy }) => busy) ?? []),
      atMost: BAR_CPU_PERCENT,
    },
    {
      what: "the built page, KB gzip",
      measured: sum(files.map(({ compressed }) => compressed)) / 1_000,
      atMost: BAR_BUNDLE_BYTES / 1_000,
    },
  ];
}
