import { execFileSync } from "node:child_process";
import { expect, test } from "vitest";
import { peakRssBytes } from "../src/index.ts";

const MIB = 1024 * 1024;
const MODULE = new URL("../src/peak-memory.ts", import.meta.url).href;

/** What a child says of itself, which takes `bytes` bytes and gives them back. */
function peakOfChild(bytes: number): number {
  const script = `import { peakRssBytes } from ${JSON.stringify(MODULE)};
    let taken = Buffer.alloc(${bytes}, 1);
    taken = null;
    console.log(peakRssBytes());`;
  const output = execFileSync(process.execPath, ["--input-type=module", "-e", script], { encoding: "utf8" });
  return Number(output);
}

test("the most memory of a process is its own, not that of who started it", () => {
  const large = Buffer.alloc(400 * MIB, 1);
  expect(peakRssBytes()).toBeGreaterThan(large.length);
  const small = peakOfChild(0);
  expect(small).toBeGreaterThan(10 * MIB);
  expect(small).toBeLessThan(large.length / 2);
  expect(peakOfChild(300 * MIB)).toBeGreaterThan(300 * MIB);
});
