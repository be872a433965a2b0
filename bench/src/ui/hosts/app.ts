import { runDesktop } from "@lanspread/desktop";
import { createLogger } from "@lanspread/peer";
import { parentIsDone, say, settings } from "../../child.ts";
import type { AppSettings, AppStarted } from "../messages.ts";

// The app, as `lanspread desktop` runs it, with a browser that shows no window.

const { gamesDir, stateDir, browserFlags } = settings<AppSettings>();
const stop = new AbortController();
const running = runDesktop({
  peer: { gamesDir, stateDir, listen: "127.0.0.1:0", interfaces: ["127.0.0.1"], discovery: null },
  version: "0.0.0",
  logger: createLogger({ level: "error", sink: ({ message }) => process.stderr.write(`${message}\n`) }),
  opensWindows: true,
  browserFlags,
  signal: stop.signal,
  onAddress: () => {},
});
say({ at: performance.timeOrigin + performance.now() } satisfies AppStarted);
await Promise.race([running, parentIsDone()]);
stop.abort();
await running;
