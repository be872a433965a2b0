import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { buildPackage } from "./build-package.ts";
import { OUTPUT_DIR } from "./places.ts";
import { PLATFORMS } from "./platforms.ts";

const USAGE = `usage: npm run package [-- --platform NAME ...] [--quick] [--out DIR]

  --platform  one of ${PLATFORMS.map(({ name }) => name).join(", ")}; repeatable (default: all of them)
  --quick     compress little
  --out       folder for the archives (default: dist/packages)
`;

const MEBIBYTE = 2 ** 20;

process.exitCode = await main(process.argv.slice(2));

async function main(args: string[]): Promise<number> {
  const { values } = parseArgs({
    args,
    options: {
      platform: { type: "string", multiple: true, default: PLATFORMS.map(({ name }) => name) },
      quick: { type: "boolean", default: false },
      out: { type: "string", default: OUTPUT_DIR },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  const chosen = PLATFORMS.filter(({ name }) => values.platform.includes(name));
  if (values.help || chosen.length < new Set(values.platform).size) {
    process.stderr.write(USAGE);
    return values.help ? 0 : 2;
  }
  const stop = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => stop.abort());
  const sums: string[] = [];
  for (const platform of chosen) {
    const built = await buildPackage(platform, {
      outputDir: values.out,
      isQuick: values.quick,
      signal: stop.signal,
    });
    sums.push(`${built.sha256}  ${built.name}\n`);
    process.stdout.write(
      `${built.name}  ${mebibytes(built.bytes)}, unpacked ${mebibytes(built.unpackedBytes)} in ${built.fileCount} files, Node.js ${built.nodeVersion}\n`,
    );
  }
  await writeFile(join(values.out, "SHA256SUMS"), sums.join(""));
  process.stdout.write(`${join(values.out, "SHA256SUMS")}\n`);
  return 0;
}

function mebibytes(bytes: number): string {
  return `${(bytes / MEBIBYTE).toFixed(1)} MiB`;
}
