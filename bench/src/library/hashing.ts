import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { seededBytes } from "@lanspread/testkit";
import type { Bar, BenchContext, Table } from "../bench.ts";
import { beside } from "../beside.ts";
import { Child } from "../child.ts";
import { median, medianRatio, spread } from "../statistics.ts";
import { type Amounts, BAR_HASHING, HASHED_FILE_BYTES } from "./constants.ts";
import type { Hashed, HashSettings } from "./messages.ts";

const HOST = beside(import.meta.url, "./hosts/hash");

/** MB/s of every round. */
export type HashRates = Readonly<Record<HashSettings["how"], number[]>>;

/** Hashes the same files, which are in the cache, both ways in turns. */
export async function measureHashing(
  dir: string,
  { rounds, hashedFiles }: Amounts,
  { progress, signal }: BenchContext,
): Promise<HashRates> {
  const root = join(dir, "hashed");
  await mkdir(root);
  const files = Array.from({ length: hashedFiles }, (_, n) => `archive-${n}.eti`);
  for (const [n, file] of files.entries())
    await writeFile(join(root, file), seededBytes(n, HASHED_FILE_BYTES));
  const rates: HashRates = { pieces: [], plain: [] };
  for (let round = 1; round <= rounds; round++) {
    for (const how of ["pieces", "plain"] as const) {
      progress(`round ${round} of ${rounds}: hashing, ${how}`);
      const settings: HashSettings = { root, files, how };
      await using child = new Child({ module: HOST, settings, signal });
      const { bytes, seconds } = (await child.says()) as Hashed;
      rates[how].push(bytes / 1e6 / seconds);
    }
  }
  return rates;
}

export function hashTable({ pieces, plain }: HashRates): Table {
  const row = (what: string, rates: readonly number[]) => [
    what,
    median(rates),
    spread(rates),
    medianRatio(rates, plain),
  ];
  return {
    title: `Hashing files of ${HASHED_FILE_BYTES / 1024 ** 2} MiB from the cache, one thread`,
    columns: ["what", "MB/s", "from-to", "x plain"],
    rows: [row("pieces, in the library's thread", pieces), row("whole files, nothing else", plain)],
  };
}

export function hashBar({ pieces, plain }: HashRates): Bar {
  return {
    what: "MB/s of hashing pieces, against plain SHA-256 of the same bytes",
    measured: medianRatio(pieces, plain),
    atLeast: BAR_HASHING,
  };
}
