import { crc32 } from "node:zlib";
import {
  encodeControlFrame,
  encodeTaggedFrame,
  type GameVersion,
  gameVersionSchema,
  type Manifest,
  manifestHash,
  type StreamControl,
  TAG,
} from "@lanspread/proto";
import { GGOO } from "../../install/support.ts";

export const VERSION: GameVersion = gameVersionSchema.parse("20180412");
export const MTIME = Date.parse("2019-07-06T05:04:03.125Z");

/** A frame of a stream: a control frame, or raw bytes. */
export type Frame = StreamControl | Buffer;

/** A file, or a directory where there is no content. */
export interface StreamEntry {
  readonly path: string;
  readonly content?: string | Uint8Array;
  readonly mtime?: number;
}

export interface StreamArchive {
  readonly name: string;
  readonly entries: readonly StreamEntry[];
}

/** The frames of a stream as a sender should send it. Raw bytes come in frames of at most so many bytes. */
export function framesOf(archives: readonly StreamArchive[], chunkBytes = 100_000): Frame[] {
  const frames: Frame[] = [];
  let [files, bytes] = [0, 0];
  for (const { name, entries } of archives) {
    const contents = entries.map(({ content }) => (content === undefined ? null : Buffer.from(content)));
    frames.push({
      type: "archive_begin",
      name,
      solid: false,
      unpacked_size: contents.reduce((sum, content) => sum + (content?.length ?? 0), 0),
      entries: entries.length,
    });
    for (const [index, { path, mtime = MTIME }] of entries.entries()) {
      const content = contents[index] ?? null;
      if (content === null) {
        frames.push({ type: "directory", path });
        continue;
      }
      frames.push({ type: "file_begin", path, size: content.length, mtime });
      for (let offset = 0; offset < content.length; offset += chunkBytes) {
        frames.push(content.subarray(offset, offset + chunkBytes));
      }
      frames.push({ type: "file_end", crc32: crc32(content) });
      files += 1;
      bytes += content.length;
    }
  }
  return [...frames, { type: "complete", files, bytes }];
}

export function encodeFrames(frames: readonly Frame[]): Buffer {
  return Buffer.concat(
    frames.map((frame) =>
      Buffer.isBuffer(frame) ? encodeTaggedFrame(TAG.data, frame) : encodeControlFrame(frame),
    ),
  );
}

/** What the sources agree on: these files, and a sentinel. */
export function manifestOf(files: Readonly<Record<string, number>>): Manifest {
  const list = Object.entries({ ...files, "version.ini": 11 })
    .map(([path, size]) => ({ path, size }))
    .sort((one, other) => Buffer.compare(Buffer.from(one.path), Buffer.from(other.path)));
  return {
    game_id: GGOO,
    version: VERSION,
    manifest_hash: manifestHash(VERSION, list),
    content_id: null,
    piece_size: 1024 * 1024,
    files: list,
  };
}
