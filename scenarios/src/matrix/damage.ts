import { execFile } from "node:child_process";
import { open, rm, stat, truncate } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import type { StagePeer } from "../stage/stage-peer.ts";

const run = promisify(execFile);

/**
 * Inverts one bit in the middle of each stretch of `everyBytes` of a file that a peer has. Size and time stay, as when a disk or
 * memory fails: nobody can notice without reading the bytes.
 */
export function flipBits(peer: StagePeer, path: string, everyBytes: number): Promise<void> {
  return behindItsBack(peer, path, () => invertBits(path, everyBytes / 2, everyBytes));
}

/** The same with one bit of a RAR archive's first header: nobody can list it any more. */
export function breakHeader(peer: StagePeer, path: string): Promise<void> {
  return behindItsBack(peer, path, () => invertBits(path, RAR5_FIRST_HEADER, Number.POSITIVE_INFINITY));
}

/** RAR 5.0: the main header begins behind eight bytes of signature, with its checksum. */
const RAR5_FIRST_HEADER = 8;

/** Changes a file of a peer so that size and time stay, and the peer sees nothing in between. */
async function behindItsBack(peer: StagePeer, path: string, change: () => Promise<void>): Promise<void> {
  // Not in the folder of the game, where it would be one more file of it.
  const times = join(peer.state, "times-of-a-file");
  peer.harness.kill("SIGSTOP");
  try {
    // To the nanosecond, which Node cannot set.
    await run("touch", ["-r", path, times]);
    await change();
    await run("touch", ["-r", times, path]);
    await rm(times);
  } finally {
    peer.harness.kill("SIGCONT");
  }
}

async function invertBits(path: string, first: number, everyBytes: number): Promise<void> {
  const { size } = await stat(path);
  await using file = await open(path, "r+");
  const byte = new Uint8Array(1);
  for (let position = Math.floor(first); position < size; position += everyBytes) {
    await file.read(byte, 0, 1, position);
    byte[0] = (byte[0] ?? 0) ^ 1;
    await file.write(byte, 0, 1, position);
  }
}

/** Cuts a file in half. */
export async function cutInHalf(path: string): Promise<void> {
  await truncate(path, Math.floor((await stat(path)).size / 2));
}
