import { createProgressView, type ProgressView } from "lanspread";
import pc from "picocolors";

/** What the demo shows. On a terminal with bars, elsewhere in plain lines. */
export interface Screen {
  readonly progress: ProgressView;
  /** A new part of the story. */
  step(text: string): void;
  /** A detail of the part that runs. */
  detail(text: string): void;
  /** Lines as they are; ends the progress bars, so that nothing is drawn over them. */
  print(lines: readonly string[]): void;
  failure(text: string): void;
  readonly bold: (text: string) => string;
  readonly good: (text: string) => string;
}

export async function createScreen(stream: NodeJS.WriteStream, env: NodeJS.ProcessEnv): Promise<Screen> {
  const terminal = stream.isTTY === true && env["TERM"] !== "dumb";
  const colors = pc.createColors(terminal && (env["NO_COLOR"] ?? "") === "");
  const progress = await createProgressView({ stream, interactive: terminal });
  const started = performance.now();
  const stamp = (): string =>
    colors.dim(`${((performance.now() - started) / 1000).toFixed(1).padStart(6)} s`);
  return {
    progress,
    step: (text) => progress.line(`${stamp()}  ${colors.bold(text)}`),
    detail: (text) => progress.line(`${stamp()}    ${text}`),
    print(lines) {
      progress.close();
      stream.write(`${lines.join("\n")}\n`);
    },
    failure(text) {
      progress.close();
      stream.write(`${colors.red("the demo failed:")} ${text}\n`);
    },
    bold: colors.bold,
    good: colors.green,
  };
}
