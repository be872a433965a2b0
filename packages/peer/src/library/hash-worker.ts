/**
 * The thread that hashes pieces. It reads one file at a time, front to back, and does nothing else: reading here is
 * synchronous on purpose. Between two reads it looks at the shared control slots, and sleeps while it is paused.
 *
 * It imports nothing outside of this package's sources: it also runs where packages are not resolved to sources.
 */
import { createHash } from "node:crypto";
import { closeSync, constants, fstatSync, openSync, readSync } from "node:fs";
import { join } from "node:path";
import { parentPort, workerData } from "node:worker_threads";
import { errnoOf, fromNodeError } from "../errors/index.ts";
import { HASH_PROGRESS_BYTES, HASH_READ_BYTES } from "./constants.ts";
import {
  CANCELLED_SLOT,
  type HashedFile,
  type HashReply,
  type HashRequest,
  PAUSED_SLOT,
  TOLD_SLOT,
} from "./hash-messages.ts";

const DIGEST_BYTES = 32;
const READ_SAFELY = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);

const port = parentPort;
if (port === null || !(workerData instanceof SharedArrayBuffer)) {
  throw new Error("this file is the hashing worker: it is started with its control memory");
}
const control = new Int32Array(workerData);
const buffer = Buffer.allocUnsafe(HASH_READ_BYTES);

/** Thrown to leave the reading loop. */
class Cancelled extends Error {}
class Changed extends Error {}

port.on("message", (request: HashRequest) => {
  const reply = answer(request, (bytes) => port.postMessage({ type: "progress", bytes } satisfies HashReply));
  port.postMessage(reply);
});

function answer(request: HashRequest, report: (bytes: number) => void): HashReply {
  const { root, files, pieceSize } = request;
  let pieces = 0;
  for (const file of files) pieces += Math.ceil(file.size / pieceSize);
  const digests = new Uint8Array(pieces * DIGEST_BYTES);
  let piece = 0;
  let bytes = 0;
  let reported = 0;
  for (const file of files) {
    const path = join(root, file.path);
    try {
      hashFile(path, file, pieceSize, {
        read: (length) => {
          bytes += length;
          if (bytes - reported < HASH_PROGRESS_BYTES) return;
          reported = bytes;
          report(bytes);
        },
        digest: (digest) => {
          digests.set(digest, piece * DIGEST_BYTES);
          piece += 1;
        },
      });
    } catch (error) {
      if (error instanceof Cancelled) return { type: "cancelled" };
      if (error instanceof Changed || isGone(error)) return { type: "changed", path: file.path };
      const { code, message } = fromNodeError(error, path);
      return { type: "failed", code, message };
    }
  }
  return { type: "done", digests };
}

interface FileSink {
  read(bytes: number): void;
  digest(digest: Uint8Array): void;
}

function hashFile(path: string, file: HashedFile, pieceSize: number, sink: FileSink): void {
  const descriptor = openSync(path, READ_SAFELY);
  try {
    refuseChanged(descriptor, file);
    let position = 0;
    while (position < file.size) {
      const end = Math.min(position + pieceSize, file.size);
      const hash = createHash("sha256");
      while (position < end) {
        waitOrLeave();
        const length = readSync(descriptor, buffer, 0, Math.min(buffer.length, end - position), position);
        if (length === 0) throw new Changed();
        hash.update(buffer.subarray(0, length));
        position += length;
        sink.read(length);
      }
      // What was read belongs together only if nobody wrote meanwhile; a large file is given up early.
      refuseChanged(descriptor, file);
      sink.digest(hash.digest());
    }
  } finally {
    closeSync(descriptor);
  }
}

function refuseChanged(descriptor: number, file: HashedFile): void {
  const stats = fstatSync(descriptor, { bigint: true });
  const same = stats.isFile() && Number(stats.size) === file.size && String(stats.mtimeNs) === file.mtimeNs;
  if (!same) throw new Changed();
}

function waitOrLeave(): void {
  for (;;) {
    // Before the others are looked at: what is told between that look and the wait ends the wait at once.
    const told = Atomics.load(control, TOLD_SLOT);
    if (Atomics.load(control, CANCELLED_SLOT) === 1) throw new Cancelled();
    if (Atomics.load(control, PAUSED_SLOT) === 0) return;
    Atomics.wait(control, TOLD_SLOT, told);
  }
}

/** The file was removed, or replaced by a link or a directory: the game changed, the disk is well. */
function isGone(error: unknown): boolean {
  return ["ENOENT", "ENOTDIR", "ELOOP", "EISDIR", "ENXIO"].includes(errnoOf(error) ?? "");
}
