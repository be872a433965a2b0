import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { eventually } from "@lanspread/testkit";
import { type Browser, chromium, type Page } from "playwright-core";
import { browserUnavailable } from "./browser.ts";

const XVFB = "/usr/bin/Xvfb";
const MAIN = fileURLToPath(new URL("../../../peer-cli/src/main.ts", import.meta.url));

/** A browser that starts on a machine that has other things to do. */
const DEADLINE_MS = 80_000;

/** Why no window can be opened here; undefined where one can. */
export const displayUnavailable: string | undefined =
  browserUnavailable ?? (existsSync(XVFB) ? undefined : `no Xvfb at ${XVFB}: apt-get install xvfb`);

/** For the title of tests that need a display: says why they are skipped. */
export const ON_A_DISPLAY = displayUnavailable === undefined ? "" : ` (skipped: ${displayUnavailable})`;

/** A screen that nobody sees. */
export interface Display extends AsyncDisposable {
  /** For the environment: ":5". */
  readonly name: string;
}

export async function startDisplay(): Promise<Display> {
  const child = spawn(XVFB, ["-displayfd", "3", "-screen", "0", "1400x900x24", "-nolisten", "tcp"], {
    stdio: ["ignore", "ignore", "ignore", "pipe"],
  });
  const stream = child.stdio[3];
  if (stream === null || stream === undefined) throw new Error("Xvfb has no third pipe");
  const [number] = (await once(createInterface(stream as NodeJS.ReadableStream), "line")) as [string];
  return {
    name: `:${number}`,
    [Symbol.asyncDispose]: async () => {
      const ended = once(child, "exit");
      child.kill();
      await ended;
    },
  };
}

export interface RealAppOptions {
  /** Null: there is none, as on a server. */
  readonly display: Display | null;
  readonly stateDir: string;
  readonly args: readonly string[];
  readonly browserFlags?: readonly string[];
  /** Home of the user, and place of temporary files; by default those of who runs the tests. */
  readonly home?: string;
}

/** `lanspread desktop` as a process of its own, with a window. */
export class RealApp implements AsyncDisposable {
  readonly child: ChildProcess;
  readonly #stateDir: string;
  readonly #ended: Promise<number | string>;
  #said = "";

  constructor({ display, stateDir, args, browserFlags = [], home }: RealAppOptions) {
    this.#stateDir = stateDir;
    const flags = ["--no-sandbox", "--disable-gpu", "--remote-debugging-port=0", ...browserFlags];
    this.child = spawn(
      process.execPath,
      [
        ...["--conditions=source", MAIN, "desktop", "--state-dir", stateDir, ...args],
        ...flags.map((flag) => `--browser-flag=${flag}`),
      ],
      { env: environment(display, home), stdio: ["ignore", "ignore", "pipe"] },
    );
    this.child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      this.#said += text;
    });
    this.#ended = new Promise((resolve) => {
      this.child.once("close", (code, signal) => resolve(code ?? signal ?? "gone"));
    });
  }

  get said(): string {
    return this.#said;
  }

  /** Waits for it to say something. */
  async says(pattern: RegExp): Promise<string> {
    await this.#until(String(pattern), () => pattern.test(this.#said));
    return pattern.exec(this.#said)?.[0] ?? "";
  }

  get profile(): string {
    return join(this.#stateDir, "desktop-profile");
  }

  /** Exit code, or the signal that has ended it. */
  async ended(): Promise<number | string> {
    let result: number | string | undefined;
    void this.#ended.then((code) => {
      result = code;
    });
    await this.#until("its end", () => result !== undefined);
    return result ?? "gone";
  }

  /** Does something with the browser that it has opened, by its debugging port; the connection ends with that. */
  async inBrowser<T>(work: (browser: Browser) => Promise<T>): Promise<T> {
    const file = join(this.profile, "DevToolsActivePort");
    const port = (): string | undefined =>
      existsSync(file) ? readFileSync(file, "utf8").split("\n")[0] : undefined;
    await this.#until(
      "the browser's port",
      () => port() !== undefined && browsersOf(this.profile).length > 0,
    );
    const browser = await connect(() => `http://127.0.0.1:${port()}`);
    try {
      return await work(browser);
    } finally {
      // Disconnects: the browser goes on.
      await browser.close();
    }
  }

  /** Does something with a window that shows the app. */
  inWindow<T>(work: (page: Page) => Promise<T>): Promise<T> {
    return this.inBrowser(async (browser) => work(await untilShown(browser, 1)));
  }

  /** Closes every window by its button: by the protocol that is, without a question. */
  async closeWindows(): Promise<void> {
    const [port] = readFileSync(join(this.profile, "DevToolsActivePort"), "utf8").split("\n");
    const answer = await fetch(`http://127.0.0.1:${port}/json/list`);
    for (const { id, type } of (await answer.json()) as { readonly id: string; readonly type: string }[]) {
      if (type === "page") await fetch(`http://127.0.0.1:${port}/json/close/${id}`).catch(() => {});
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.child.kill("SIGKILL");
    await this.#ended;
    for (const pid of browsersOf(this.profile)) kill(pid);
    await this.#until("the end of its browser", () => browsersOf(this.profile).length === 0);
  }

  async #until(what: string, is: () => boolean): Promise<void> {
    await eventually(is, { what: `${what}; it said: ${this.#said}`, deadlineMs: DEADLINE_MS });
  }
}

function environment(display: Display | null, home: string | undefined): NodeJS.ProcessEnv {
  const { DISPLAY: _, WAYLAND_DISPLAY: __, ...env } = process.env;
  if (home !== undefined) {
    env["HOME"] = home;
    env["TMPDIR"] = home;
    for (const name of Object.keys(env)) if (name.startsWith("XDG_")) delete env[name];
  }
  // Whatever opens addresses here is not to open one.
  return { ...env, NO_COLOR: "1", BROWSER: "true", ...(display === null ? {} : { DISPLAY: display.name }) };
}

/** A port is told before it is open. */
async function connect(address: () => string): Promise<Browser> {
  let browser: Browser | undefined;
  await eventually(
    async () => {
      browser = await chromium.connectOverCDP(address()).catch(() => undefined);
      return browser !== undefined;
    },
    { what: "the browser", deadlineMs: DEADLINE_MS },
  );
  if (browser === undefined) throw new Error("it was there a moment ago");
  return browser;
}

/** The last of so many windows that show the app. */
export async function untilShown(browser: Browser, count: number): Promise<Page> {
  const shown = (): Page[] =>
    browser
      .contexts()
      .flatMap((context) => context.pages())
      .filter((page) => /^http:\/\/127\.0\.0\.1:\d+\/(?:#.*)?$/u.test(page.url()));
  await eventually(() => shown().length >= count, { what: `${count} windows`, deadlineMs: DEADLINE_MS });
  const page = shown().at(-1);
  if (page === undefined) throw new Error("it was there a moment ago");
  await page.locator("nav.pages").waitFor({ timeout: DEADLINE_MS });
  return page;
}

/** Processes of this machine that have the profile open. */
export function browsersOf(profile: string): readonly number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/u.test(name))
    .map(Number)
    .filter((pid) => commandOf(pid).includes(`--user-data-dir=${profile}`));
}

function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8");
  } catch {
    return "";
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It has ended by itself.
  }
}
