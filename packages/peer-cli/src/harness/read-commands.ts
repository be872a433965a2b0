import type { Readable } from "node:stream";
import { LineSplitter } from "@lanspread/peer";
import { MAX_COMMAND_LINE_BYTES } from "@lanspread/proto";

export interface ReadCommandsOptions {
  readonly input: Readable;
  readonly onLine: (text: string) => void;
  /** A line was longer than {@link MAX_COMMAND_LINE_BYTES} and was not read. */
  readonly onTooLong: () => void;
  /** Ends the reading; what was not read stays unread. */
  readonly signal: AbortSignal;
}

/** Hands over one line of input after the other. Resolves at the end of the input, or when the signal is aborted. */
export function readCommands({ input, onLine, onTooLong, signal }: ReadCommandsOptions): Promise<void> {
  const splitter = new LineSplitter({ maxBytes: MAX_COMMAND_LINE_BYTES, onLine, onTooLong });
  return new Promise((resolve) => {
    const stop = (): void => {
      signal.removeEventListener("abort", stop);
      input.off("data", take).off("end", end).off("close", stop);
      input.pause();
      resolve();
    };
    const take = (chunk: Buffer): void => splitter.push(chunk);
    const end = (): void => {
      splitter.end();
      stop();
    };
    // A broken input is one that has ended: there is no further command.
    input.on("error", stop);
    if (signal.aborted || input.destroyed) {
      stop();
      return;
    }
    signal.addEventListener("abort", stop, { once: true });
    input.on("close", stop).on("end", end).on("data", take);
  });
}
