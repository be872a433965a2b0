import { existsSync } from "node:fs";
import { type Browser, chromium, type Page } from "playwright-core";

/** The browser that tests drive. */
export const CHROMIUM = process.env["CHROME_PATH"] ?? "/usr/bin/chromium";

/** Why no browser can be driven here; undefined where one can. */
export const browserUnavailable: string | undefined = existsSync(CHROMIUM)
  ? undefined
  : `no Chromium at ${CHROMIUM}: apt-get install chromium, or CHROME_PATH`;

/** For the title of tests that need a browser: says why they are skipped. */
export const IN_A_BROWSER = browserUnavailable === undefined ? "" : ` (skipped: ${browserUnavailable})`;

/** What keeps the browser from asking for anything but the page, and lets root start it. */
export const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

export interface TestBrowser extends AsyncDisposable {
  /** A page of its own, with cookies of its own; what it complains of is thrown by {@link complaints}. */
  open(address: string, options?: OpenOptions): Promise<Page>;
  /** Errors of all pages so far: of scripts, of the policy, of what could not be loaded. */
  readonly complaints: readonly string[];
}

export interface OpenOptions {
  readonly width?: number;
  readonly height?: number;
  readonly locale?: string;
}

export async function startBrowser(): Promise<TestBrowser> {
  const browser: Browser = await chromium.launch({ executablePath: CHROMIUM, args: FLAGS });
  const complaints: string[] = [];
  return {
    complaints,
    open: async (address, { width = 1280, height = 800, locale = "en-US" } = {}) => {
      const context = await browser.newContext({ viewport: { width, height }, locale });
      const page = await context.newPage();
      page.on("pageerror", ({ message }) => complaints.push(message));
      page.on("console", (message) => {
        if (message.type() === "error") complaints.push(message.text());
      });
      await page.goto(address);
      return page;
    },
    [Symbol.asyncDispose]: () => browser.close(),
  };
}
