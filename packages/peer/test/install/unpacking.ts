import { mkdir } from "node:fs/promises";
import { basename } from "node:path";
import {
  type Rar5Entry,
  type Rar5Padding,
  type TemporaryDirectory,
  type WriteRar5Options,
  writeRar5,
} from "@lanspread/testkit";
import { expect } from "vitest";
import type { PeerError } from "../../src/errors/index.ts";
import { createUnrarJsUnpacker, type UnpackedFile } from "../../src/install/index.ts";

export const unpacker = createUnrarJsUnpacker();

export interface Attempt {
  /** Absolute path of the archive. */
  readonly archive: string;
  /** Absolute path of what it was unpacked into. */
  readonly into: string;
  readonly files: readonly UnpackedFile[] | undefined;
  readonly error: PeerError | undefined;
}

export async function attempt(place: TemporaryDirectory, archive: string): Promise<Attempt> {
  const into = place.join(`into-${basename(archive)}`);
  await mkdir(into);
  try {
    return {
      archive,
      into,
      files: await unpacker.unpack({ archive, into }),
      error: undefined,
    };
  } catch (error) {
    return { archive, into, files: undefined, error: error as PeerError };
  }
}

export async function attemptEntries(
  place: TemporaryDirectory,
  entries: (Rar5Entry | Rar5Padding)[],
  options?: WriteRar5Options,
): Promise<Attempt> {
  const archive = place.join("game.eti");
  await writeRar5(archive, entries, options);
  return await attempt(place, archive);
}

/** The code, and the message without the path of the archive. */
export function told({ archive, error }: Attempt): [string | undefined, string | undefined] {
  expect(error?.message, "the archive is named").toContain(archive);
  return [error?.code, error?.message.replace(archive, "ARCHIVE")];
}

export const MTIME = new Date("2019-07-06T05:04:03.125Z");
