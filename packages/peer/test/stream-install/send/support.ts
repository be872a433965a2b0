import { readFile } from "node:fs/promises";
import { crc32 } from "node:zlib";
import {
  encodeFrame,
  parseStreamControl,
  type StreamControl,
  TAG,
  TaggedFrameDecoder,
} from "@lanspread/proto";
import {
  eventually,
  type Rar5Entry,
  temporaryDirectory,
  type WriteRar5Options,
  writeRar5,
} from "@lanspread/testkit";
import { expect } from "vitest";
import { createUnrarJsUnpacker, type Unpacker } from "../../../src/install/index.ts";
import type { RequestStream } from "../../../src/transfer/index.ts";
import type { Files } from "../../library/support.ts";
import { createServeRig, GGOO, type ServeRig, type ServeRigOptions } from "../../serve/rig.ts";
import { openFilesBelow, unpackingThreads } from "./threads.ts";

export { GGOO } from "../../serve/rig.ts";
export { openFilesBelow, unpackingThreads } from "./threads.ts";

export const MTIME = new Date("2019-07-06T05:04:03.125Z");

/** The bytes of an archive. */
export async function archiveOf(
  entries: readonly Rar5Entry[],
  options: WriteRar5Options = {},
): Promise<Buffer> {
  await using place = await temporaryDirectory();
  const path = place.join("archive.eti");
  await writeRar5(path, entries, options);
  return await readFile(path);
}

/** The bytes of an archive that says of itself that it has to be unpacked from its first entry on. */
export function solidArchiveOf(entries: readonly Rar5Entry[]): Promise<Buffer> {
  return archiveOf(entries, { solid: true });
}

/** The files of a game with these archives. */
export async function gameOf(
  archives: Readonly<Record<string, readonly Rar5Entry[]>>,
  more: Files = {},
): Promise<Files> {
  const files: Record<string, string | Uint8Array> = { "version.ini": "2018.04.12\n", ...more };
  for (const [name, entries] of Object.entries(archives)) files[name] = await archiveOf(entries);
  return files;
}

/** The default unpacker, and how often it was asked for what. */
export interface CountingUnpacker extends Unpacker {
  readonly lists: string[];
  readonly streams: string[];
}

export function countingUnpacker(unpacker: Unpacker = createUnrarJsUnpacker()): CountingUnpacker {
  const lists: string[] = [];
  const streams: string[] = [];
  return {
    ...unpacker,
    lists,
    streams,
    list: (archive, options) => {
      lists.push(archive);
      return unpacker.list(archive, options);
    },
    stream: (options) => {
      streams.push(options.archive);
      return unpacker.stream(options);
    },
  };
}

export function createStreamRig(files: Files, options: ServeRigOptions = {}): Promise<ServeRig> {
  return createServeRig(files, options);
}

/** What came of a streamed install: a control frame, or the bytes of a raw one. */
export type Received = StreamControl | Uint8Array;

/** Reads tagged frames from a stream, one at a time. */
export interface FrameReceiver {
  readonly stream: RequestStream;
  /** Null at the end, which has to be between two frames. */
  next(): Promise<Received | null>;
  rest(): Promise<Received[]>;
}

export function receiveFrames(stream: RequestStream): FrameReceiver {
  const decoder = new TaggedFrameDecoder();
  const buffer = Buffer.alloc(64 * 1024);
  const next = async (): Promise<Received | null> => {
    for (;;) {
      const frame = decoder.next();
      if (frame !== null) return frame.tag === TAG.data ? frame.body : parseStreamControl(frame.body);
      const count = await stream.read(buffer);
      if (count > 0) {
        decoder.push(buffer.subarray(0, count));
        continue;
      }
      if (!decoder.atBoundary) throw new Error("the stream ends within a frame");
      return null;
    }
  };
  return {
    stream,
    next,
    rest: async () => {
      const all: Received[] = [];
      for (let frame = await next(); frame !== null; frame = await next()) all.push(frame);
      return all;
    },
  };
}

/** Asks for a streamed install of the rig's game on a stream. */
export async function askForStream(
  rig: ServeRig,
  stream: RequestStream,
  manifestHash = rig.manifest().manifest_hash,
): Promise<FrameReceiver> {
  const request = encodeFrame({ type: "stream_install", game_id: GGOO, manifest_hash: manifestHash });
  const written = stream.write(request);
  stream.finish();
  await written;
  return receiveFrames(stream);
}

/** The raw frames between two control frames as one: what they hold, and its checksum. */
export function shorten(frames: readonly Received[]): unknown[] {
  const short: unknown[] = [];
  let bytes = 0;
  let crc = 0;
  for (const frame of frames) {
    if (frame instanceof Uint8Array) {
      bytes += frame.length;
      crc = crc32(frame, crc);
      continue;
    }
    if (bytes > 0) short.push({ bytes, crc });
    bytes = 0;
    crc = 0;
    short.push(frame);
  }
  if (bytes > 0) short.push({ bytes, crc });
  return short;
}

/** Nothing of a streamed install is left: no transfer, no thread, no open file. */
export async function nothingLeft(rig: ServeRig): Promise<void> {
  await eventually(() => Object.keys(rig.outbound.counts()).length === 0);
  // The thread ends before the transfer does.
  expect(unpackingThreads()).toBe(0);
  // The library may be hashing.
  await eventually(() => openFilesBelow(rig.library.gamesDir).length === 0);
}
