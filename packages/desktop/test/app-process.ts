import { createLogger } from "@lanspread/peer";
import { type RunDesktopOptions, runDesktop } from "../shell/index.ts";

/** What the app is started with in a process of its own, as its only argument. */
export type AppSetup = Pick<RunDesktopOptions, "peer" | "page">;

/** What the process is asked, and says. */
export type AppRequest = "memory" | "stop";
export type AppReport =
  | { readonly kind: "address"; readonly address: string }
  | { readonly kind: "memory"; readonly heapBytes: number; readonly rssBytes: number }
  | { readonly kind: "log"; readonly line: string };

const setup = JSON.parse(process.argv[2] ?? "") as AppSetup;
const over = new AbortController();
const tell = (report: AppReport): void => void process.send?.(report);
const logger = createLogger({
  level: "debug",
  sink: (entry) => tell({ kind: "log", line: JSON.stringify(entry) }),
});

process.on("message", (request: AppRequest) => {
  if (request === "stop") {
    over.abort();
    return;
  }
  globalThis.gc?.();
  const { heapUsed, external, arrayBuffers, rss } = process.memoryUsage();
  tell({ kind: "memory", heapBytes: heapUsed + external + arrayBuffers, rssBytes: rss });
});
process.on("disconnect", () => over.abort());

await runDesktop({
  ...setup,
  peer: { ...setup.peer, logger },
  version: "1.2.3",
  logger,
  opensWindows: false,
  signal: over.signal,
  onAddress: (address) => tell({ kind: "address", address }),
});
process.disconnect();
