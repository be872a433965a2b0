import type { LogName, LogPart } from "../../../protocol/logs.ts";
import type { PageRequest } from "../../../protocol/messages.ts";
import { RefusedError } from "../connection/connection.ts";
import type { Store } from "../state/store.ts";
import { type LogState, withPart } from "./log-state.ts";

/** Pause before the shell is asked again that could not be asked, milliseconds: the connection comes back by itself. */
const RETRY_MS = 500;

export interface FollowOptions {
  readonly log: LogName;
  readonly store: Store<LogState>;
  readonly ask: (request: PageRequest) => Promise<unknown>;
}

/** Keeps a log up to date: asks for what is behind the last line, which the shell answers when there is something. Returns what ends that. */
export function followLog(options: FollowOptions): () => void {
  const over = new AbortController();
  void follow(options, over.signal);
  return () => over.abort();
}

async function follow({ log, store, ask }: FollowOptions, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const { run, last } = store.get();
    try {
      const part = (await ask({ type: "read-log", log, run, after: last })) as LogPart;
      if (!signal.aborted) store.set(withPart(store.get(), part));
    } catch (error) {
      if (!(error instanceof RefusedError)) throw error;
      await pause(signal);
    }
  }
}

function pause(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, RETRY_MS);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      resolve();
    });
  });
}
