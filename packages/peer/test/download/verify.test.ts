import { mkdir, open, writeFile } from "node:fs/promises";
import { DIGEST_BYTES, pieceLayout, sha256 } from "@lanspread/proto";
import { temporaryDirectory } from "@lanspread/testkit";
import { expect, it, vi } from "vitest";
import { Payload } from "../../src/download/payload.ts";
import { verifyResumed } from "../../src/download/verify.ts";

const CONTENT = "aaaabbbbcccc";
const FILES = [
  { path: "a.eti", size: 12 },
  { path: "b.eti", size: 12 },
  { path: "version.ini", size: 3 },
];

it("flushes what a killed process had written before it counts as done, and nothing else", async () => {
  await using dir = await temporaryDirectory();
  const root = dir.join("ggoo");
  await mkdir(root);
  for (const { path } of FILES.slice(0, 2)) await writeFile(`${root}/${path}`, CONTENT);
  const layout = pieceLayout({ piece_size: 4, files: FILES });
  const digests = Buffer.concat(
    [...(CONTENT.repeat(2).match(/.{4}/gu) ?? []), "ini"].map((piece) => sha256(Buffer.from(piece))),
  );
  await using payload = new Payload({ root, layout, old: new Set(), touched: false, touch: async () => {} });
  await payload.create(true);
  await using handle = await open(`${root}/a.eti`);
  const disk = vi.spyOn(Object.getPrototypeOf(handle), "datasync");
  try {
    // The first piece of each file is noted, the last one of the first file had begun, and is there.
    const pieces = { done: Uint8Array.from([1, 0, 0, 1, 0, 0, 0]), begun: [{ first: 2, count: 1 }] };
    const ownDigests = new Uint8Array(layout.pieceCount * DIGEST_BYTES);
    const signal = new AbortController().signal;
    const done = await verifyResumed({ layout, payload, pieces, digests, ownDigests, signal });
    expect([...done]).toEqual([1, 0, 1, 1, 0, 0, 0]);
    expect(disk).toHaveBeenCalledTimes(1);
  } finally {
    disk.mockRestore();
  }
});
