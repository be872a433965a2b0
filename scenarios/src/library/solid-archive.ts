import { createHash } from "node:crypto";
import { compressSolidRar5, seededBytes, writeRar5 } from "@lanspread/testkit";
import type { TreeDigest } from "../tree-digest.ts";

const LEVEL = seededBytes(41, 3_000_000);

/** What one file holds is in the others too: compressed together, only the first can be read without those before it. */
const FILES: Readonly<Record<string, Uint8Array>> = {
  "data/level1.dat": LEVEL,
  "data/level2.dat": Buffer.concat([LEVEL.subarray(2_500_000), seededBytes(42, 400_000)]),
  "readme.txt": Buffer.from("one after the other\n"),
  "saves/first.dat": seededBytes(42, 400_000),
};

/** Writes a solid RAR 5.0 archive of several files, compressed, and says what went in. */
export async function makeSolidArchive(path: string): Promise<TreeDigest> {
  const packed = compressSolidRar5(Object.values(FILES));
  const entries = Object.keys(FILES).flatMap((name, index) => {
    const content = packed[index];
    return content === undefined ? [] : [{ name, content }];
  });
  await writeRar5(path, entries, { solid: true });
  return new Map(
    Object.entries(FILES).map(([name, bytes]) => [
      name,
      { size: bytes.length, sha256: createHash("sha256").update(bytes).digest("hex") },
    ]),
  );
}
