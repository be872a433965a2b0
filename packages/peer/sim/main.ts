import { NETWORKS, NETWORKS_OF_ONE_ASKER } from "./download/networks.ts";
import { randomFrom } from "./download/random.ts";
import { simulate } from "./download/simulator.ts";

// `pnpm sim download [SEED]`: how close the plan of a download comes to the best that its sources allow. Exit code 1 above the bar.

/** Longest time a download may take against one that knows everything beforehand. */
const BAR = 1.1;

const USAGE = `usage: pnpm sim download [SEED]

  SEED   a whole number: the same one gives the same run (default: 1)
`;

const [name, seedText = "1"] = process.argv.slice(2);
const seed = Number(seedText);
if (process.argv.includes("--help") || process.argv.includes("-h")) {
  process.stdout.write(USAGE);
  process.exit(0);
}
if (name !== "download" || !Number.isSafeInteger(seed) || seed < 0) {
  process.stderr.write(USAGE);
  process.exit(2);
}

const columns = ["network", "ideal s", "took s", "x ideal", "asks", "asked again", "bytes too many"];
const rows = [...NETWORKS, ...NETWORKS_OF_ONE_ASKER].map((network) => {
  const { elapsedMs, idealMs, ...result } = simulate({ ...network, random: randomFrom(seed) });
  const ok = result.finished && result.lost === 0 && elapsedMs <= idealMs * BAR;
  const cells = [
    network.name,
    (idealMs / 1000).toFixed(2),
    result.finished ? (elapsedMs / 1000).toFixed(2) : "never",
    (elapsedMs / idealMs).toFixed(3),
    String(result.asks),
    String(result.reopened),
    `${((result.receivedBytes / network.layout.totalBytes - 1) * 100).toFixed(2)} %`,
  ];
  return { cells, ok };
});
const widths = columns.map((column, index) =>
  Math.max(column.length, ...rows.map(({ cells }) => cells[index]?.length ?? 0)),
);
console.log(line(columns));
console.log(line(widths.map((width) => "-".repeat(width))));
for (const { cells, ok } of rows) console.log(`${line(cells)}${ok ? "" : "  FAIL"}`);
if (rows.some(({ ok }) => !ok)) {
  console.error(`missed: every download within ${BAR} times its ideal time`);
  process.exitCode = 1;
}

function line(cells: readonly string[]): string {
  return `| ${cells.map((cell, index) => cell.padEnd(widths[index] ?? 0)).join(" | ")} |`;
}
