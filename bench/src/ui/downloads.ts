import { setTimeout as delay } from "node:timers/promises";
import type { Table } from "../bench.ts";
import { median, spread } from "../statistics.ts";
import { DOWNLOADS, EVENTS_PER_SECOND } from "./constants.ts";
import type { DevTools } from "./devtools.ts";

/** Processor time of the browser's processes that draw pages, in hundredths of one core. */
export interface Watched {
  readonly idle: number;
  readonly busy: number;
}

interface ProcessInfo {
  readonly type: string;
  readonly cpuTime: number;
}

/** Processor time that the page takes while nothing happens, and while downloads run. */
export async function measureDownloads(
  tools: DevTools,
  tell: (isDownloading: boolean) => void,
  watchedMs: number,
  signal: AbortSignal,
): Promise<Watched> {
  const idle = await share(tools, watchedMs, signal);
  tell(true);
  // What is drawn for the first time is no part of it.
  await delay(watchedMs / 5, undefined, { signal });
  const busy = await share(tools, watchedMs, signal);
  tell(false);
  return { idle, busy };
}

async function share(tools: DevTools, watchedMs: number, signal: AbortSignal): Promise<number> {
  const [before, begun] = [await rendererSeconds(tools), performance.now()];
  await delay(watchedMs, undefined, { signal });
  const [after, ended] = [await rendererSeconds(tools), performance.now()];
  return (100 * (after - before)) / ((ended - begun) / 1_000);
}

async function rendererSeconds(tools: DevTools): Promise<number> {
  const { processInfo } = await tools.ask<{ readonly processInfo: readonly ProcessInfo[] }>(
    "SystemInfo.getProcessInfo",
    {},
  );
  return processInfo.filter(({ type }) => type === "renderer").reduce((sum, { cpuTime }) => sum + cpuTime, 0);
}

export function downloadsTable(pages: readonly (readonly [string, readonly Watched[]])[]): Table {
  return {
    title: `${DOWNLOADS} downloads, each of which tells ${EVENTS_PER_SECOND} times a second how far it is: % of one core in the page's process`,
    columns: ["page", "idle", "with downloads", "from-to"],
    rows: pages.map(([page, rounds]) => [
      page,
      median(rounds.map(({ idle }) => idle)),
      median(rounds.map(({ busy }) => busy)),
      spread(rounds.map(({ busy }) => busy)),
    ]),
  };
}
