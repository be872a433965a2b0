import { readFile } from "node:fs/promises";
import { harnessCommandSchema } from "@lanspread/proto";
import { describe, expect, it } from "vitest";
import { EXIT } from "../src/exit-codes.ts";

const readme = await readFile(new URL("../README.md", import.meta.url), "utf8");

/** The first cells of the rows that match. */
function cells(row: RegExp): string[] {
  return [...readme.matchAll(row)].map((match) => match[1] ?? "");
}

describe("the README", () => {
  it("lists exactly the commands of the harness", () => {
    const known = harnessCommandSchema.options.map((option) => option.shape.cmd.value);
    expect(cells(/^\| `([a-z-]+)` +\|/gm).sort()).toEqual([...known].sort());
  });

  it("lists exactly the fields of each command, and what they are where they are left out", () => {
    for (const { shape } of harnessCommandSchema.options) {
      const { id: _, cmd, ...fields } = shape;
      const row = new RegExp(`^\\| \`${cmd.value}\` +\\| ([^|]*)\\|`, "m").exec(readme)?.[1] ?? "no row";
      const known = Object.entries(fields).map(([name, schema]) => {
        const { success, data } = schema.safeParse(undefined);
        return success ? `\`${name}\` = ${data}` : `\`${name}\``;
      });
      expect(row.trim(), cmd.value).toBe(known.join(", "));
    }
  });

  it("lists exactly the exit codes", () => {
    expect(cells(/^\| (\d+) +\|/gm).map(Number)).toEqual(Object.values(EXIT));
  });
});
