import pc from "picocolors";
import type { Failure } from "../failure.ts";
import { printable } from "./format.ts";
import { createProgressView, type ProgressTarget, type ProgressView } from "./progress.ts";
import { type CommandResult, renderResult, resultToJson } from "./results.ts";

/** The only place that prints. Data goes to stdout, everything else to stderr. */
export interface Reporter {
  /** The command's result: a table for people or, with `--json`, one JSON document. */
  result(result: CommandResult): void;
  /** One line of machine-readable news on stdout, for commands that run on; only with `--json`. */
  record(value: object): void;
  /** What goes on, for people. Not with `--quiet`. */
  notice(text: string): void;
  /** What the user should look at although the command goes on. Not with `--quiet`. */
  warn(text: string): void;
  /** A failure with its remedy; always printed. @param forPeople makes of its texts what people read better */
  failure(failure: Failure, forPeople?: (text: string) => string): void;
  /** Lines of the runtime's log, already filtered by level. Not with `--quiet`. */
  log(text: string): void;
  /**
   * Starts to show progress; lines printed until it is closed appear above it.
   *
   * @param elsewhere what there is off a terminal: lines of text, though never with `--json`, or nothing
   */
  openProgress(elsewhere: "lines" | "nothing"): ProgressView;
  /** Gives the terminal back as it was, for an end in the middle of things. */
  close(): void;
}

export interface ReporterOptions {
  readonly stdout: NodeJS.WritableStream;
  readonly stderr: NodeJS.WritableStream;
  /** True where stderr is a terminal. */
  readonly terminal: boolean;
  readonly colors: boolean;
  readonly json: boolean;
  readonly quiet: boolean;
}

const NO_PROGRESS: ProgressView = { update() {}, finish() {}, waiting() {}, line() {}, close() {} };

export function createReporter(options: ReporterOptions): Reporter {
  const colors = pc.createColors(options.colors);
  let progress: ProgressView | undefined;
  const print = (text: string): void => {
    if (progress === undefined) options.stderr.write(`${text}\n`);
    else progress.line(text);
  };
  return {
    result(result) {
      if (result.kind === "nothing") return;
      if (options.json) {
        options.stdout.write(`${JSON.stringify(resultToJson(result))}\n`);
        return;
      }
      const lines = renderResult(result, colors);
      if (lines.length > 0) options.stdout.write(`${lines.join("\n")}\n`);
    },
    record(value) {
      if (options.json) options.stdout.write(`${JSON.stringify(value)}\n`);
    },
    notice(text) {
      if (!options.quiet) print(printable(text));
    },
    warn(text) {
      if (!options.quiet) print(`${colors.yellow("warning:")} ${printable(text)}`);
    },
    failure(failure, forPeople = (text) => text) {
      if (options.json) {
        print(JSON.stringify({ type: "error", ...failure }));
        return;
      }
      print(
        `${colors.red("error:")} ${printable(forPeople(failure.message))} ${colors.dim(`(${failure.code})`)}`,
      );
      if (failure.hint !== undefined) print(`  ${printable(failure.hint)}`);
    },
    log(text) {
      if (!options.quiet) print(colors.dim(printable(text)));
    },
    close: () => progress?.close(),
    openProgress(elsewhere) {
      if (options.quiet || progress !== undefined) return NO_PROGRESS;
      if (!options.terminal && (elsewhere === "nothing" || options.json)) return NO_PROGRESS;
      const style: ProgressTarget["style"] = ({ text, style }) =>
        style === "detail" ? colors.dim(text) : text;
      const view = createProgressView({ stream: options.stderr, interactive: options.terminal, style });
      progress = view;
      return {
        ...view,
        close() {
          view.close();
          progress = undefined;
        },
      };
    },
  };
}
