import { mkdir, readdir, readFile, stat, writeFile } from "node:fs/promises";
import { createConnection } from "node:net";
import { eventually, type TemporaryDirectory, temporaryDirectory } from "@lanspread/testkit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  browsersOf,
  type Display,
  displayUnavailable,
  ON_A_DISPLAY,
  RealApp,
  startDisplay,
  untilShown,
} from "./real-app.ts";

const MINUTE = 60_000;

/** Of this run alone. */
const PARTY = `window-${process.pid}`;

describe.skipIf(displayUnavailable !== undefined)(
  `the window${ON_A_DISPLAY}`,
  { timeout: 3 * MINUTE },
  () => {
    let display: Display;

    beforeAll(async () => {
      display = await startDisplay();
    });

    afterAll(() => display[Symbol.asyncDispose]());

    async function createPlace(): Promise<TemporaryDirectory> {
      const dir = await temporaryDirectory();
      await mkdir(dir.join("games"));
      // The first steps have tests of their own.
      await mkdir(dir.join("state"), { mode: 0o700 });
      await writeFile(dir.join("state", "desktop.json"), JSON.stringify({ welcomed: true }));
      return dir;
    }

    function start(
      dir: TemporaryDirectory,
      browserFlags: readonly string[] = [],
      on: Display | null = display,
      home?: string,
    ): RealApp {
      return new RealApp({
        display: on,
        ...(home === undefined ? {} : { home }),
        stateDir: dir.join("state"),
        browserFlags,
        args: [
          ...["--games-dir", dir.join("games"), "--name", "Ada", "--party", PARTY],
          ...["--listen", "127.0.0.1:0", "--interface", "127.0.0.1", "--lanes", "0"],
        ],
      });
    }

    async function untilNothingIsLeft(app: RealApp, dir: TemporaryDirectory): Promise<void> {
      await eventually(() => browsersOf(app.profile).length === 0, {
        what: "no browser",
        deadlineMs: 20_000,
      });
      const lock = createConnection(dir.join("state", "control.sock"));
      const answer = await new Promise((resolve) => {
        lock.once("connect", () => resolve("somebody has the lock"));
        lock.once("error", ({ message }) => resolve(message));
      });
      expect(answer).toMatch(/ENOENT|ECONNREFUSED/u);
    }

    it("appears, is shown at a second start, and ends the app when it is closed: nothing is left", async () => {
      await using dir = await createPlace();
      await using app = start(dir);
      await app.inWindow(async (page) => {
        expect(page.url()).not.toContain("token");
        expect(await page.evaluate("matchMedia('(display-mode: standalone)').matches")).toBe(true);
        expect(await page.evaluate("document.cookie")).toBe("");
      });
      expect((await stat(app.profile)).mode & 0o777).toBe(0o700);

      await using second = start(dir);
      expect(await second.ended()).toBe(0);
      expect(second.said).toContain("lanspread runs already");
      // Still there, and every window that there is shows the app and nothing of a first start.
      await app.inBrowser(async (browser) => {
        await untilShown(browser, 1);
        const urls = browser.contexts().flatMap((context) => context.pages().map((page) => page.url()));
        expect(urls.filter((url) => !url.startsWith("http://127.0.0.1:"))).toEqual([]);
      });

      await app.closeWindows();
      expect(await app.ended()).toBe(0);
      await untilNothingIsLeft(app, dir);
    });

    it.each([
      ["its window is closed", (app: RealApp) => app.closeWindows()],
      ["it is asked to end", (app: RealApp) => app.child.kill("SIGTERM")],
    ])("leaves nothing of its browser elsewhere when %s", async (_, end) => {
      await using dir = await createPlace();
      await mkdir(dir.join("home"));
      // The second one finds what the first has left in the profile.
      for (const _ of [1, 2]) {
        await using app = start(dir, [], display, dir.join("home"));
        await app.inWindow((page) => page.getByRole("link", { name: "Logs" }).click());
        await end(app);
        expect(await app.ended()).toBe(0);
        await untilNothingIsLeft(app, dir);
        const left = await readdir(dir.join("home"), { recursive: true });
        // The toolkit's settings are where every program of the user looks for them.
        expect(left.filter((path) => !/^\.cache(?:\/dconf(?:\/user)?)?$/u.test(path))).toEqual([]);
      }
    });

    it("gets another one beside it at a second start where it cannot come to the front", async () => {
      await using dir = await createPlace();
      await using app = start(dir);
      // As behind other windows, on a system that raises none.
      await app.inWindow((page) =>
        page.evaluate("document.hasFocus = () => false; dispatchEvent(new Event('blur'))"),
      );
      await using second = start(dir);
      expect(await second.ended()).toBe(0);
      await app.inBrowser((browser) => untilShown(browser, 2));
      app.child.kill("SIGTERM");
      expect(await app.ended()).toBe(0);
      await untilNothingIsLeft(app, dir);
    });

    it("is closed when the app is asked to end", async () => {
      await using dir = await createPlace();
      await using app = start(dir);
      await app.inWindow(async () => {});
      app.child.kill("SIGTERM");
      expect(await app.ended()).toBe(0);
      await untilNothingIsLeft(app, dir);
    });

    it("outlives a shell that is killed, finds the next one, and ends that when it is closed", async () => {
      await using dir = await createPlace();
      await using app = start(dir);
      await app.inWindow(async () => {});
      app.child.kill("SIGKILL");
      expect(await app.ended()).toBe("SIGKILL");
      await app.inWindow((page) => page.getByText("lanspread does not answer").waitFor());
      await using next = start(dir);
      await app.inWindow((page) =>
        page.getByText("lanspread does not answer").waitFor({ state: "detached", timeout: MINUTE }),
      );
      await next.inBrowser(async (browser) => {
        const page = await untilShown(browser, 1);
        await page.getByRole("link", { name: "Logs" }).click();
        await page.getByText("a window of the last run is there").waitFor({ timeout: MINUTE });
      });
      await next.closeWindows();
      expect(await next.ended()).toBe(0);
      await untilNothingIsLeft(next, dir);
    });

    it("can be opened twice from the menu, and is quit there", async () => {
      await using dir = await createPlace();
      await using app = start(dir);
      await app.inBrowser(async (browser) => {
        const page = await untilShown(browser, 1);
        await page.getByRole("button", { name: "Menu" }).click();
        await page.getByRole("menuitem", { name: "Open another window" }).click();
        const other = await untilShown(browser, 2);
        await page.close();
        await other.getByRole("button", { name: "Menu" }).click();
        const quit = other.getByRole("menuitem", { name: "Quit" });
        await quit.waitFor();
        // The window may be gone before its click is over.
        await quit.click().catch(() => {});
      });
      expect(await app.ended()).toBe(0);
      await untilNothingIsLeft(app, dir);
    });

    it("is told as an address where the browser cannot open one", async () => {
      await using dir = await createPlace();
      await using app = start(dir, [], null);
      const address = await app.says(/http:\/\/127\.0\.0\.1:\d+\/\?token=[\w-]{43}/u);
      expect((await fetch(address, { redirect: "manual" })).status).toBe(303);
      app.child.kill("SIGINT");
      expect(await app.ended()).toBe(0);
      await untilNothingIsLeft(app, dir);
    });

    it("asks nobody but the app for anything", async () => {
      await using dir = await createPlace();
      const log = dir.join("net.json");
      await using app = start(dir, [`--log-net-log=${log}`]);
      await app.inWindow((page) => page.getByRole("link", { name: "Logs" }).click());
      app.child.kill("SIGTERM");
      await app.ended();
      await untilNothingIsLeft(app, dir);
      const { addresses, lookUps } = reached(await readFile(log, "utf8"));
      expect(addresses).not.toEqual([]);
      // What the browser wants for itself ends at a port of this computer where nobody listens.
      expect(addresses.filter((address) => !address.startsWith("127.0.0.1:"))).toEqual([]);
      expect(lookUps).toEqual([]);
    });
  },
);

interface NetLog {
  readonly constants: { readonly logEventTypes: Readonly<Record<string, number>> };
  readonly events: readonly {
    readonly type: number;
    readonly source: { readonly id: number };
    readonly params?: { readonly address?: string };
  }[];
}

/**
 * What the log of a browser's network says: which addresses were sent something, or were tried, and how often names were asked
 * for elsewhere. A UDP socket that is only connected sends nothing: that is how the browser asks which routes there are.
 */
function reached(text: string): {
  readonly addresses: readonly string[];
  readonly lookUps: readonly string[];
} {
  const { constants, events } = JSON.parse(wholeLog(text)) as NetLog;
  const names = new Map(Object.entries(constants.logEventTypes).map(([name, number]) => [number, name]));
  const connected = new Map<number, string>();
  const addresses = new Set<string>();
  const lookUps: string[] = [];
  for (const { type, source, params } of events) {
    const name = names.get(type) ?? "";
    const address = params?.address;
    if (name === "TCP_CONNECT_ATTEMPT" && address !== undefined) addresses.add(address);
    if (name === "UDP_CONNECT" && address !== undefined) connected.set(source.id, address);
    if (name === "UDP_BYTES_SENT") addresses.add(address ?? connected.get(source.id) ?? "somewhere");
    if (/^(?:HOST_RESOLVER_(?:DNS|SYSTEM)_TASK|DNS_TRANSACTION)/u.test(name)) lookUps.push(name);
  }
  return { addresses: [...addresses], lookUps };
}

/** The log with its end: a browser that is closed may leave it out, behind the last line. */
function wholeLog(text: string): string {
  const isWhole = text.trimEnd().endsWith("]\n}") || text.trimEnd().endsWith("}]}");
  return isWhole ? text : `${text.slice(0, text.lastIndexOf(",\n"))}]}`;
}
