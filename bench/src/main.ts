import { constants } from "node:os";
import { parseArgs } from "node:util";
import type { Report } from "./bench.ts";
import { verdictOf } from "./bench.ts";
import { downloadBench } from "./download/index.ts";
import { formatMachine, formatReport } from "./format.ts";
import { installBench } from "./install/index.ts";
import { libraryBench } from "./library/index.ts";
import { describeMachine } from "./machine.ts";
import { meshBench } from "./mesh/index.ts";
import { quicBench } from "./quic/index.ts";
import { uiBench } from "./ui/index.ts";

// `npm run bench -- NAME… [--short] [--json]`: measures, prints, and exits with 1 where a bar is missed.

const BENCHES = [downloadBench, installBench, libraryBench, meshBench, quicBench, uiBench];

const USAGE = `usage: npm run bench -- NAME… [--short] [--json]

  --short  small byte counts, to see that everything runs; no bars
  --json   one JSON document on standard output instead of tables

names:
  all      every one of these
${BENCHES.map(({ name, summary }) => `  ${name.padEnd(8)} ${summary}`).join("\n")}

examples:
  npm run bench -- download            one, with its bars; exit code 1 where one is missed
  npm run bench -- all --short         that all of them run
`;

const WANTS_HELP = ["--help", "-h"].some((option) => process.argv.includes(option));

let endedBy: NodeJS.Signals | undefined;
const controller = new AbortController();
for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  process.on(name, () => {
    endedBy = name;
    controller.abort(new Error(`ended by ${name}`));
  });
}

process.exitCode = await main();

async function main(): Promise<number> {
  if (WANTS_HELP) {
    process.stdout.write(USAGE);
    return 0;
  }
  const options = readArguments();
  if (options === null) {
    process.stderr.write(USAGE);
    return 2;
  }
  const { names, short, json } = options;
  const machine = describeMachine();
  if (!json) console.log(formatMachine(machine));
  const reports: Report[] = [];
  try {
    for (const bench of BENCHES.filter(({ name }) => names.has(name))) {
      const progress = (text: string) => process.stderr.write(`${bench.name}: ${text}\n`);
      const report = await bench.run({ short, progress, signal: controller.signal });
      reports.push(report);
      if (!json) console.log(`\n${formatReport(report, short)}`);
    }
  } catch (error) {
    if (endedBy !== undefined) return 128 + constants.signals[endedBy];
    process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    return 1;
  }
  const missed = short ? [] : reports.flatMap(({ bars }) => bars).filter((bar) => verdictOf(bar) === "FAIL");
  if (json) console.log(JSON.stringify({ machine, short, reports, missed: missed.map(({ what }) => what) }));
  for (const { what } of missed) process.stderr.write(`missed: ${what}\n`);
  return missed.length > 0 ? 1 : 0;
}

function readArguments(): { names: Set<string>; short: boolean; json: boolean } | null {
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: { short: { type: "boolean", default: false }, json: { type: "boolean", default: false } },
    });
    const known = BENCHES.map(({ name }) => name);
    if (positionals.length === 0 || positionals.some((name) => name !== "all" && !known.includes(name))) {
      return null;
    }
    return { names: new Set(positionals.includes("all") ? known : positionals), ...values };
  } catch {
    return null;
  }
}
