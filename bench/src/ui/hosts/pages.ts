import { startDesktop } from "@lanspread/desktop";
import { type PageHost, servePages } from "@lanspread/desktop/parts";
import { createLogger } from "@lanspread/peer";
import type { RuntimeEvent } from "@lanspread/proto";
import { say, settings, told } from "../../child.ts";
import { DOWNLOADS, EVENTS_PER_SECOND } from "../constants.ts";
import { madeUpProgress, madeUpSnapshot, madeUpView } from "../made-up.ts";
import type { PagesSettings, Served, Tell } from "../messages.ts";

// Serves the page of a party that is made up, in a process of its own.

const handlers = new Set<(event: RuntimeEvent) => void>();
const logger = createLogger({ level: "error", sink: ({ message }) => process.stderr.write(`${message}\n`) });
const { gamesDir, stateDir } = settings<PagesSettings>();
await using alone = await startDesktop({
  peer: { gamesDir, stateDir, listen: "127.0.0.1:0", interfaces: ["127.0.0.1"], discovery: null, lanes: 0 },
  version: "0.0.0",
  logger,
});
const snapshot = madeUpSnapshot(alone.host.snapshot());
const view = madeUpView();
const host: PageHost = {
  snapshot: () => snapshot,
  onEvent: (handler) => {
    handlers.add(handler);
    return () => handlers.delete(handler);
  },
  onWindows: () => () => {},
  onSnapshotDue: () => () => {},
  answer: async (message, signal) =>
    message.type === "party" ? view : await alone.host.answer(message, signal),
};

let step = 0;
let timer: NodeJS.Timeout | undefined;

/** The events of all downloads, one after the other: as many as are due by now, also where the timer comes late. */
function tellProgress(begunAt: number, begunWith: number): void {
  const due = begunWith + ((performance.now() - begunAt) / 1_000) * DOWNLOADS * EVENTS_PER_SECOND;
  for (; step < due; step += 1) {
    for (const handler of handlers) handler(madeUpProgress(step % DOWNLOADS, step));
  }
}

await using pages = await servePages({ host, logger });
say({ address: pages.openAddress() } satisfies Served);
for await (const each of told()) {
  clearInterval(timer);
  const { isDownloading } = each as Tell;
  if (isDownloading) {
    timer = setInterval(tellProgress, 1_000 / (DOWNLOADS * EVENTS_PER_SECOND), performance.now(), step);
  }
}
clearInterval(timer);
