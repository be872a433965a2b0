import { mkdir, open } from "node:fs/promises";
import { join } from "node:path";
import type { Copies } from "./copies.ts";
import type { Transfer } from "./transfer.ts";

const CHUNK_BYTES = 1024 ** 2;

/** What the disk itself does: as many bytes are written into one file, one MiB at a time, and flushed. */
export async function plainWrite(directory: string, bytes: number, copies: Copies): Promise<Transfer> {
  const target = join(directory, "written");
  await copies.makeRoomFor(target);
  await mkdir(target);
  const chunk = new Uint8Array(CHUNK_BYTES).fill(7);
  const startMs = performance.now();
  await using file = await open(join(target, "file"), "wx");
  for (let at = 0; at < bytes; at += CHUNK_BYTES)
    await file.write(chunk, 0, Math.min(CHUNK_BYTES, bytes - at));
  await file.datasync();
  const seconds = (performance.now() - startMs) / 1_000;
  return { mbPerS: bytes / 1e6 / seconds, steadyMbPerS: null, sourceCpu: null, receiverCpu: null };
}
