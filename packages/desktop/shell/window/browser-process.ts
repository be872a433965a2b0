import type { ChildProcess } from "node:child_process";
import { setTimeout as delay } from "node:timers/promises";
import { BROWSER_STOP_MS, LOOK_MS } from "../constants.ts";

/** How a browser has ended. */
export interface BrowserEnd {
  /** Null where nobody knows: it is no child of this process, or a signal ended it. */
  readonly code: number | null;
}

/** A browser that shows the app in windows of its own. */
export interface BrowserProcess {
  readonly pid: number;
  /** Resolves when its last window is closed and it has ended. Never rejects. */
  readonly ended: Promise<BrowserEnd>;
  /** Closes its windows; resolves when it has ended. */
  close(): Promise<void>;
}

/** A browser that this process has started. */
export function ownBrowser(child: ChildProcess, pid: number): BrowserProcess {
  const ended = new Promise<BrowserEnd>((resolve) => {
    child.once("exit", (code) => resolve({ code }));
  });
  return { pid, ended, close: () => close(ended, (signal) => child.kill(signal)) };
}

/** A browser that an earlier run of the app has started, and that is still there. */
export function foundBrowser(pid: number): BrowserProcess {
  const ended = untilGone(pid);
  return { pid, ended, close: () => close(ended, (signal) => kill(pid, signal)) };
}

async function close(
  ended: Promise<unknown>,
  end: (signal: "SIGTERM" | "SIGKILL") => unknown,
): Promise<void> {
  end("SIGTERM");
  const late = new AbortController();
  await Promise.race([ended, delay(BROWSER_STOP_MS, "late", { signal: late.signal }).catch(() => {})]).then(
    (how) => how === "late" && end("SIGKILL"),
  );
  late.abort();
  await ended;
}

async function untilGone(pid: number): Promise<BrowserEnd> {
  while (isThere(pid)) await delay(LOOK_MS, undefined, { ref: false });
  return { code: null };
}

/** Whether a process is there, whoever it is. */
export function isThere(pid: number): boolean {
  return kill(pid, 0);
}

function kill(pid: number, signal: "SIGTERM" | "SIGKILL" | 0): boolean {
  try {
    return process.kill(pid, signal);
  } catch {
    return false;
  }
}
