import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { BUILT_PAGE } from "@lanspread/desktop/parts";
import type { Table } from "../bench.ts";

/** A file of the built page, in bytes. */
export interface BuiltFile {
  readonly name: string;
  readonly bytes: number;
  readonly compressed: number;
}

export async function builtFiles(): Promise<readonly BuiltFile[]> {
  const entries = await readdir(BUILT_PAGE, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  return await Promise.all(
    files.map(async ({ parentPath, name }) => {
      const bytes = await readFile(join(parentPath, name));
      return { name, bytes: bytes.length, compressed: gzipSync(bytes, { level: 9 }).length };
    }),
  );
}

export function bundleTable(files: readonly BuiltFile[]): Table {
  const kinds = Map.groupBy(files, ({ name }) => name.slice(name.lastIndexOf(".")));
  const row = (what: string, of: readonly BuiltFile[]) => [
    what,
    sum(of.map(({ bytes }) => bytes)) / 1_000,
    sum(of.map(({ compressed }) => compressed)) / 1_000,
  ];
  return {
    title: "The built page, KB",
    columns: ["files", "as they are", "gzip"],
    rows: [...[...kinds].sort().map(([kind, of]) => row(kind, of)), row("all", files)],
  };
}

export function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
