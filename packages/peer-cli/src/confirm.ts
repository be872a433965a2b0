import { createInterface } from "node:readline/promises";

export interface ConfirmOptions {
  readonly input: NodeJS.ReadableStream;
  /** Where the question is written. */
  readonly output: NodeJS.WritableStream;
  /** Aborted when the user asks to end instead. */
  readonly signal: AbortSignal;
}

/**
 * Asks a question that is answered by a line: `y` or `yes` is a yes, everything else and the end of the input a no.
 *
 * @throws AbortError when the signal is aborted
 */
export async function confirm(question: string, { input, output, signal }: ConfirmOptions): Promise<boolean> {
  // Not as a terminal: the line is edited by the terminal itself, and Ctrl+C stays a signal.
  const lines = createInterface({ input, output, terminal: false });
  const ended = new Promise<string>((resolve) => lines.once("close", () => resolve("")));
  try {
    const answer = await Promise.race([lines.question(`${question} [y/N] `, { signal }), ended]);
    return /^y(?:es)?$/iu.test(answer.trim());
  } finally {
    lines.close();
  }
}
