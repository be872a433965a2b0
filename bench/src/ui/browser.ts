import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { findBrowsers } from "@lanspread/desktop/parts";
import { ANSWER_MS, LOOK_MS } from "./constants.ts";
import { DevTools } from "./devtools.ts";

/** What a browser needs to be measured: no window, tools, and what root has to say. */
export const MEASURED_FLAGS = [
  "--headless=new",
  "--disable-gpu",
  "--remote-debugging-port=0",
  "--remote-allow-origins=*",
  ...(process.getuid?.() === 0 ? ["--no-sandbox"] : []),
];

/** What keeps it from anything but the page. */
const QUIET_FLAGS = [
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-extensions",
  "--disable-sync",
  "--window-size=1280,800",
];

/** A Chromium-family browser of this machine; undefined where there is none. */
export async function browserHere(): Promise<string | undefined> {
  for await (const browser of findBrowsers(existsSync)) return browser;
  return undefined;
}

export interface MeasuredBrowser extends AsyncDisposable {
  readonly tools: DevTools;
}

/** Opens an address in a browser with a new profile. */
export async function openBrowser(
  program: string,
  { address, profile, signal }: { address: string; profile: string; signal: AbortSignal },
): Promise<MeasuredBrowser> {
  const flags = [`--user-data-dir=${profile}`, ...QUIET_FLAGS, ...MEASURED_FLAGS];
  const child = spawn(program, [...flags, address], { stdio: "ignore" });
  const ended = once(child, "exit");
  ended.catch(() => {});
  try {
    const tools = await toolsOf(profile, signal);
    return {
      tools,
      [Symbol.asyncDispose]: async () => {
        await tools.ask("Browser.close", {}).catch(() => {});
        tools[Symbol.dispose]();
        await end(child, ended);
      },
    };
  } catch (error) {
    await end(child, ended);
    throw error;
  }
}

async function end(child: ChildProcess, ended: Promise<unknown>): Promise<void> {
  const late = setTimeout(() => child.kill("SIGKILL"), ANSWER_MS / 10);
  await ended;
  clearTimeout(late);
}

/** Connects with the browser that runs with a profile: it writes there where its tools are. */
export async function toolsOf(profile: string, signal: AbortSignal): Promise<DevTools> {
  const file = join(profile, "DevToolsActivePort");
  const deadline = performance.now() + ANSWER_MS;
  let why: unknown = new Error("the browser has not started");
  while (performance.now() < deadline) {
    signal.throwIfAborted();
    try {
      const [port, path] = (await readFile(file, "utf8")).split("\n");
      return await DevTools.connect(`ws://127.0.0.1:${port}${path}`);
    } catch (error) {
      why = error;
      await delay(LOOK_MS);
    }
  }
  throw why;
}

/** Waits until an expression is true in the page. */
export async function until(tools: DevTools, expression: string, signal: AbortSignal): Promise<void> {
  const deadline = performance.now() + ANSWER_MS;
  // On its way from one address to the next a page can evaluate nothing.
  while (!(await tools.evaluate<boolean>(`Boolean(${expression})`).catch(() => false))) {
    signal.throwIfAborted();
    if (performance.now() > deadline) throw new Error(`the page has never come to ${expression}`);
    await delay(LOOK_MS);
  }
}
