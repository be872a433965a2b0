import { mkdir, rm, truncate, writeFile } from "node:fs/promises";
import {
  type Rar5Entry,
  seededBytes,
  type TemporaryDirectory,
  temporaryDirectory,
  type WriteRar5Options,
  writeEncryptedRar,
  writeRar5,
} from "@lanspread/testkit";
import { describe, expect, it } from "vitest";
import type { UnpackProgress } from "../../src/install/index.ts";
import { attempt, attemptEntries, told, unpacker } from "./unpacking.ts";

/** What UnRAR in WebAssembly says, beyond the contract of all unpackers: sentences, and how often it says how far it is. */

const CONTENT = seededBytes(2, 5_000);

describe("the sentence about a bad archive", () => {
  it.each<[string, Rar5Entry[], WriteRar5Options, string, string]>([
    [
      "a wrong checksum",
      [{ name: "bad", content: CONTENT, damage: "crc" }],
      {},
      "archive-damaged",
      'ARCHIVE: "bad": the checksum is wrong',
    ],
    [
      "a name that is cut when it is read",
      [{ name: `${"long-name-".repeat(20)}/`.repeat(6), content: CONTENT }],
      {},
      "archive-unsafe-path",
      `ARCHIVE: "${"long-name-".repeat(20)}…" is too long a name`,
    ],
    [
      "a damaged header",
      [{ name: "bad", content: CONTENT, damage: "header" }],
      {},
      "archive-damaged",
      "ARCHIVE: a header is damaged",
    ],
    [
      "an encrypted entry",
      [{ name: "secret", content: CONTENT, password: "open sesame" }],
      {},
      "archive-password",
      'ARCHIVE: "secret" needs a password',
    ],
    [
      "an early end",
      [{ name: "bad", content: CONTENT }],
      { truncateBytes: 100 },
      "archive-truncated",
      'ARCHIVE ends too early, in "bad"',
    ],
    [
      "a link",
      [{ type: "symlink", name: "x", target: "/etc/passwd" }],
      {},
      "archive-unsupported",
      'ARCHIVE: "x" is a link, which is refused',
    ],
    [
      "a pipe",
      [{ name: "x", content: "", mode: 0o010666 }],
      {},
      "archive-unsupported",
      'ARCHIVE: "x" is a device, pipe or socket, which is refused',
    ],
    [
      "a name that leads elsewhere",
      [{ name: "../x", content: "" }],
      {},
      "archive-unsafe-path",
      'ARCHIVE: "../x": a component is . or ..',
    ],
  ])("with %s", async (_, entries, options, code, message) => {
    await using place = await temporaryDirectory();
    const tried = await attemptEntries(place, [{ name: "first", content: "first" }, ...entries], options);
    expect(told(tried)).toEqual([code, message]);
  });

  it.each([
    ["is something else", "certainly no archive", "archive-unsupported", "ARCHIVE is no RAR archive"],
    ["is empty", "", "archive-truncated", "ARCHIVE ends too early"],
    ["ends in its first bytes", "Rar!", "archive-truncated", "ARCHIVE ends too early"],
  ])("that %s", async (_, content, code, message) => {
    await using place = await temporaryDirectory();
    await writeFile(place.join("game.eti"), content);
    expect(told(await attempt(place, place.join("game.eti")))).toEqual([code, message]);
  });

  it("whose headers are encrypted", async () => {
    await using place = await temporaryDirectory();
    await writeEncryptedRar(place.join("game.eti"), 5);
    const tried = await attempt(place, place.join("game.eti"));
    expect(told(tried)).toEqual(["archive-password", "ARCHIVE needs a password"]);
  });
});

describe("the sentence about a set of volumes", () => {
  async function writeSet(place: TemporaryDirectory): Promise<string> {
    await writeRar5({ bytes: 100_000, path: (index) => place.join(`game.part${index + 1}.eti`) }, [
      { name: "first.bin", content: seededBytes(4, 250_000) },
    ]);
    return place.join("game.part1.eti");
  }

  it("without one of them", async () => {
    await using place = await temporaryDirectory();
    const archive = await writeSet(place);
    await rm(place.join("game.part2.eti"));
    expect(told(await attempt(place, archive))).toEqual([
      "archive-missing-volume",
      'ARCHIVE: the volume game.part2.eti is missing, where "first.bin" goes on',
    ]);
  });

  it("that is begun in its middle", async () => {
    await using place = await temporaryDirectory();
    await writeSet(place);
    expect(told(await attempt(place, place.join("game.part2.eti")))).toEqual([
      "archive-missing-volume",
      "ARCHIVE is not the first volume of its set: the volumes before it are missing",
    ]);
  });

  it("of which one is cut off", async () => {
    await using place = await temporaryDirectory();
    const archive = await writeSet(place);
    await truncate(place.join("game.part2.eti"), 50_000);
    const { error } = await attempt(place, archive);
    expect([error?.code, error?.message]).toEqual([
      "archive-truncated",
      `${place.join("game.part2.eti")} ends too early, in "first.bin"`,
    ]);
  });
});

it("progress is told at each entry, and at least every 16 MiB", async () => {
  await using place = await temporaryDirectory();
  const archive = place.join("game.eti");
  await writeRar5(archive, [
    { name: "large", content: { zeros: 40_000_000 } },
    { name: "small", content: "s" },
  ]);
  const seen: UnpackProgress[] = [];
  await mkdir(place.join("into"));
  await unpacker.unpack({ archive, into: place.join("into"), onProgress: (step) => seen.push(step) });
  expect(seen.at(-1)).toMatchObject({ entry: "small", doneEntries: 1, doneBytes: 40_000_000 });
  for (let at = 1; at < seen.length; at++) {
    expect((seen[at]?.doneBytes ?? 0) - (seen[at - 1]?.doneBytes ?? 0)).toBeLessThanOrEqual(16 * 1024 ** 2);
  }
});
