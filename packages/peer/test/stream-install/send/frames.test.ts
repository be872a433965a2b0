import { crc32 } from "node:zlib";
import { eventually } from "@lanspread/testkit";
import { expect, it } from "vitest";
import { connect } from "../../serve/party.ts";
import { content } from "../../serve/rig.ts";
import { askForStream, countingUnpacker, createStreamRig, gameOf, MTIME, shorten } from "./support.ts";

const BIG = content(5_000_000, "big");
const SMALL = content(700, "small");

/** What is told of a file. */
const file = (path: string, bytes: Uint8Array): unknown[] => [
  { type: "file_begin", path, size: bytes.length, mtime: MTIME.getTime() },
  ...(bytes.length === 0 ? [] : [{ bytes: bytes.length, crc: crc32(bytes) }]),
  { type: "file_end", crc32: crc32(bytes) },
];

it("sends archive after archive, entry after entry, and what it was in all", async () => {
  const files = await gameOf({
    "b.eti": [{ name: "second.txt", content: SMALL, mtime: MTIME }],
    "a.eti": [
      { type: "directory", name: "data", mtime: MTIME },
      { name: "data/big.bin", content: BIG, mtime: MTIME },
      { name: "data/empty.bin", content: "", mtime: MTIME },
      { name: "readme.txt", content: SMALL, mtime: MTIME },
    ],
  });
  const unpacker = countingUnpacker();
  await using rig = await createStreamRig(files, { unpacker });
  await using party = await connect(rig);
  const receiver = await askForStream(rig, await party.connection.openStream());
  expect(shorten(await receiver.rest())).toEqual([
    { type: "archive_begin", name: "a.eti", solid: false, unpacked_size: 5_000_700, entries: 4 },
    { type: "directory", path: "data" },
    ...file("data/big.bin", BIG),
    ...file("data/empty.bin", new Uint8Array()),
    ...file("readme.txt", SMALL),
    { type: "archive_begin", name: "b.eti", solid: false, unpacked_size: 700, entries: 1 },
    ...file("second.txt", SMALL),
    { type: "complete", files: 4, bytes: 5_001_400 },
  ]);
  expect(unpacker.lists).toHaveLength(2);
  expect(unpacker.streams).toHaveLength(2);
  await eventually(() => Object.keys(rig.outbound.counts()).length === 0);
  await eventually(() => party.connection.stats().openStreams === 0);
});
