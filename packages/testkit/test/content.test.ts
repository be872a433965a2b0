import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import fc from "fast-check";
import { expect, test } from "vitest";
import { eventually, eventuallyPasses, seededBytes, seededChunks, temporaryDirectory } from "../src/index.ts";

test("seeded content is the same however it is cut", () => {
  const whole = seededBytes(42, 5000);
  fc.assert(
    fc.property(fc.nat(4999), fc.nat(5000), (offset, length) => {
      const end = Math.min(5000, offset + length);
      expect(seededBytes(42, end - offset, offset)).toEqual(whole.slice(offset, end));
    }),
  );
});

test("other seeds, and other places of one file, have other content", () => {
  const seen = new Set<string>();
  for (let seed = 0; seed < 50; seed++) {
    for (const offset of [0, 2 ** 20, 2 ** 33, 2 ** 34]) {
      seen.add(Buffer.from(seededBytes(seed, 32, offset)).toString("hex"));
    }
  }
  expect(seen.size).toBe(200);
});

test("chunks are the content in order", () => {
  const size = 2 * 1024 * 1024 + 17;
  const joined = Buffer.concat([...seededChunks(3, size)]);
  expect(joined.equals(seededBytes(3, size))).toBe(true);
});

test("a temporary directory is there, is nobody else's, and is gone afterwards", async () => {
  const paths: string[] = [];
  for (let count = 0; count < 2; count++) {
    await using place = await temporaryDirectory();
    await writeFile(place.join("file"), "content");
    expect(existsSync(place.join("file"))).toBe(true);
    paths.push(place.path);
  }
  expect(new Set(paths).size).toBe(2);
  expect(paths.some((path) => existsSync(path))).toBe(false);
});

test("eventually waits for a value, and tells the last reason when none comes", async () => {
  let looks = 0;
  expect(await eventually(() => (++looks < 3 ? undefined : looks))).toBe(3);
  const hopeless = eventually(
    () => {
      throw new Error("still dark");
    },
    { deadlineMs: 30, what: "sunrise" },
  );
  await expect(hopeless).rejects.toThrow("sunrise did not happen within 30 ms: still dark");
  await expect(eventually(() => false, { deadlineMs: 5 })).rejects.toThrow("within 5 ms");
});

test("assertions are repeated until they hold", async () => {
  let value = 0;
  await eventuallyPasses(() => expect(++value).toBe(3));
  await expect(eventuallyPasses(() => expect(1).toBe(2), { deadlineMs: 5 })).rejects.toThrow("within 5 ms");
});
