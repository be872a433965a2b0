import { createHash } from "node:crypto";
import { closeSync, lstatSync, openSync, readSync } from "node:fs";
import { join } from "node:path";
import { hashPieces } from "@lanspread/peer/parts";
import { pieceSizeFor } from "@lanspread/proto";
import { endWithParent, say, settings } from "../../child.ts";
import { READ_BYTES } from "../constants.ts";
import type { Hashed, HashSettings } from "../messages.ts";

// Hashes files: the pieces as the library does it, with its thread, or the whole files one after the other.

const { root, files, how } = settings<HashSettings>();

endWithParent();

const walked = files.map((path) => {
  const { size, mtimeNs } = lstatSync(join(root, path), { bigint: true });
  return { path, size: Number(size), mtimeNs: String(mtimeNs) };
});
const bytes = walked.reduce((sum, { size }) => sum + size, 0);
const startMs = performance.now();
if (how === "pieces") await hashInPieces();
else hashPlainly();
say({ bytes, seconds: (performance.now() - startMs) / 1_000 } satisfies Hashed);
process.stdin.pause();

async function hashInPieces(): Promise<void> {
  const { status } = await hashPieces({ root, files: walked, pieceSize: pieceSizeFor(walked) });
  if (status !== "done") throw new Error("the files changed while they were hashed");
}

function hashPlainly(): void {
  const buffer = Buffer.allocUnsafe(READ_BYTES);
  for (const { path } of walked) {
    const descriptor = openSync(join(root, path), "r");
    const hash = createHash("sha256");
    for (let length = 1; length > 0; ) {
      length = readSync(descriptor, buffer, 0, buffer.length, null);
      hash.update(buffer.subarray(0, length));
    }
    hash.digest();
    closeSync(descriptor);
  }
}
