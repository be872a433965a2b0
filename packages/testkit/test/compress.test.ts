import { execFileSync, spawnSync } from "node:child_process";
import { readFile } from "node:fs/promises";
import fc from "fast-check";
import { createExtractorFromData } from "node-unrar-js";
import { expect, test } from "vitest";
import {
  compressRar5,
  compressSolidRar5,
  createRandom,
  type Rar5Entry,
  seededBytes,
  temporaryDirectory,
  writeRar4,
  writeRar5,
} from "../src/index.ts";
import { prefixCode } from "../src/rar/compress/huffman.ts";

/** Text of a language with so many words, the first of them the most usual. */
function wordy(seed: number, length: number, words = 2_000): Uint8Array {
  const random = createRandom(seed);
  const text = Buffer.alloc(length);
  const all = Array.from({ length: words }, (_, word) => seededBytes(word, 3 + (word % 7)));
  for (let at = 0; at < length; ) {
    const word = all[Math.floor(random() * random() * words)] ?? [];
    text.set(word.slice(0, length - at), at);
    at += word.length;
  }
  return text;
}

async function unrar(path: string): Promise<Map<string, Buffer>> {
  const extractor = await createExtractorFromData({ data: Uint8Array.from(await readFile(path)).buffer });
  const found = new Map<string, Buffer>();
  for (const { fileHeader, extraction } of extractor.extract().files) {
    found.set(fileHeader.name, Buffer.from(extraction ?? []));
  }
  return found;
}

/** Contents that need every kind of token and code. */
const CONTENTS: readonly (readonly [string, Uint8Array])[] = [
  ["nothing", new Uint8Array()],
  ["one byte", Uint8Array.of(7)],
  ["one byte many times", new Uint8Array(300_000).fill(7)],
  ["noise, which takes several blocks", seededBytes(1, 400_000)],
  ["words", wordy(2, 3_000_000)],
  ["words from far back", Buffer.concat([wordy(3, 600_000), seededBytes(4, 600_000), wordy(3, 600_000)])],
  ["beyond the dictionary", Buffer.concat([wordy(5, 9_000), seededBytes(6, 1_100_000), wordy(5, 9_000)])],
];

test.each(CONTENTS)("UnRAR reads back what was compressed: %s", async (name, content) => {
  await using place = await temporaryDirectory();
  const path = place.join("a.eti");
  await writeRar5(path, [
    { name: "before", content: "stored" },
    { name, content: compressRar5(content) },
    { name: "behind", content: "stored" },
  ]);
  const found = await unrar(path);
  expect([...found.keys()]).toEqual(["before", name, "behind"]);
  expect(found.get(name)?.equals(content)).toBe(true);
});

test("whatever the bytes are, UnRAR reads them back", async () => {
  await using place = await temporaryDirectory();
  const part = fc.oneof(
    fc.uint8Array({ maxLength: 50 }),
    fc.tuple(fc.nat(255), fc.nat(5_000)).map(([byte, length]) => new Uint8Array(length).fill(byte)),
    fc.tuple(fc.nat(9), fc.nat(3_000)).map(([seed, length]) => wordy(seed, length, 50)),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(part, { maxLength: 12 }), async (parts) => {
      const content = Buffer.concat(parts);
      const path = place.join("a.eti");
      await writeRar5(path, [{ name: "a", content: compressRar5(content) }]);
      expect((await unrar(path)).get("a")?.equals(content)).toBe(true);
    }),
    { numRuns: 60 },
  );
});

/** Each file but the first repeats what came before it. */
const SOLID_FILES: readonly Uint8Array[] = [
  seededBytes(10, 200_000),
  Buffer.concat([seededBytes(10, 200_000), seededBytes(11, 5_000)]),
  Buffer.concat([seededBytes(11, 5_000), seededBytes(10, 100_000)]),
];

async function writeSolid(path: string): Promise<void> {
  const entries = compressSolidRar5(SOLID_FILES).map((content, index) => ({ name: `f${index}`, content }));
  await writeRar5(path, entries, { solid: true });
}

test("UnRAR reads a solid archive, whose files say nothing twice", async () => {
  await using place = await temporaryDirectory();
  const path = place.join("a.eti");
  await writeSolid(path);
  expect((await readFile(path)).length).toBeLessThan(220_000);
  const found = await unrar(path);
  for (const [index, content] of SOLID_FILES.entries()) {
    expect(found.get(`f${index}`)?.equals(content), `f${index}`).toBe(true);
  }
});

test("a file of a solid archive cannot be read without those before it", async () => {
  await using place = await temporaryDirectory();
  const [, second] = compressSolidRar5(SOLID_FILES);
  if (second === undefined) throw new Error("there is no second file");
  await writeRar5(place.join("a.eti"), [{ name: "f1", content: second }]);
  await expect(unrar(place.join("a.eti"))).rejects.toThrow();
});

test("what repeats becomes smaller, and what is spoiled is noticed", async () => {
  await using place = await temporaryDirectory();
  const content = wordy(7, 500_000);
  const packed = compressRar5(content);
  expect(packed.packed.length).toBeLessThan(content.length / 2);
  const entry: Rar5Entry = { name: "a", content: packed };
  for (const damage of ["crc", "data"] as const) {
    await writeRar5(place.join("a.eti"), [{ ...entry, damage }]);
    await expect(unrar(place.join("a.eti"))).rejects.toThrow();
  }
  await expect(writeRar4(place.join("a.eti"), [entry])).rejects.toThrow("RAR 5.0");
});

const noBsdtar = spawnSync("bsdtar", ["--version"]).status === 0 ? undefined : "needs libarchive-tools";
test.skipIf(noBsdtar !== undefined)(
  `another program reads it too${noBsdtar === undefined ? "" : ` (skipped: ${noBsdtar})`}`,
  async () => {
    await using place = await temporaryDirectory();
    const content = wordy(8, 2_000_000);
    await writeRar5(place.join("a.eti"), [{ name: "a", content: compressRar5(content) }]);
    const read = execFileSync("bsdtar", ["-xOf", place.join("a.eti"), "a"], { maxBuffer: 4_000_000 });
    expect(read.equals(content)).toBe(true);
    await writeSolid(place.join("solid.eti"));
    const files = execFileSync("bsdtar", ["-xOf", place.join("solid.eti")], { maxBuffer: 4_000_000 });
    expect(files.equals(Buffer.concat(SOLID_FILES))).toBe(true);
  },
);

test.each([
  ["no symbol", [0, 0, 0]],
  ["one symbol", [0, 5, 0]],
  ["the first symbol alone", [5, 0, 0]],
  ["several", [1, 2, 3]],
])("a code of %s gives every bit a meaning, or none", (_, counts) => {
  const { lengths } = prefixCode(Uint32Array.from(counts));
  const used = [...lengths].reduce((sum, length) => sum + (length === 0 ? 0 : 2 ** -length), 0);
  expect(used).toBe(counts.every((count) => count === 0) ? 0 : 1);
});
