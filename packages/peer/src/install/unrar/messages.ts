import type { PeerErrorCode } from "../../errors/index.ts";
import type { StreamTotals, UnpackedFile } from "../types.ts";
import type { CompiledCode } from "./shared-code.ts";

/** What an unpacking thread is started with. */
export interface UnpackingStart {
  readonly control: SharedArrayBuffer;
  readonly code: CompiledCode;
}

/** An entry as the archive has it; nothing about it is checked yet. */
export interface RawEntry {
  readonly name: string;
  readonly type: "file" | "directory";
  /** Bytes when unpacked. */
  readonly size: number;
  readonly mtime: number | null;
  /** CRC-32 of the content, unsigned; null where the headers do not tell it, or have another checksum. */
  readonly crc32: number | null;
  readonly executable: boolean;
}

export interface RawListing {
  readonly solid: boolean;
  readonly entries: readonly RawEntry[];
  readonly volumes: readonly string[];
}

/** An entry that may be created, under the path that was checked for it. */
export interface ApprovedEntry extends RawEntry {
  readonly path: string;
}

/** What the main thread asks of the unpacking worker; one at a time. */
export type UnrarRequest =
  | { readonly type: "list"; readonly archive: string }
  | {
      readonly type: "unpack";
      readonly archive: string;
      readonly into: string;
      /** What a listing of the same archive gave, in its order. The worker creates nothing else. */
      readonly entries: readonly ApprovedEntry[];
    }
  | {
      readonly type: "stream";
      readonly archive: string;
      readonly entries: readonly ApprovedEntry[];
      /** STREAM_CHUNKS places of STREAM_CHUNK_BYTES for the bytes of files. */
      readonly ring: SharedArrayBuffer;
    };

/** What a sink is told, except that bytes are named only: they lie in the ring, one after the other. */
export type StreamStep =
  | { readonly type: "directory"; readonly path: string }
  | { readonly type: "begin"; readonly path: string; readonly size: number; readonly mtime: number }
  | { readonly type: "bytes"; readonly length: number }
  | { readonly type: "end"; readonly crc32: number };

/** What the worker says. All but `progress` and `steps` end a request. */
export type UnrarReply =
  | {
      readonly type: "progress";
      /** Index of the entry that is being unpacked. */
      readonly index: number;
      /** Bytes written so far. */
      readonly bytes: number;
    }
  | {
      readonly type: "steps";
      /** Place in the ring where the bytes of these steps begin. It is free again when TAKEN_SLOT counts it. */
      readonly chunk: number;
      readonly steps: readonly StreamStep[];
    }
  | { readonly type: "listing"; readonly listing: RawListing }
  | { readonly type: "unpacked"; readonly files: readonly UnpackedFile[] }
  | { readonly type: "streamed"; readonly totals: StreamTotals }
  | { readonly type: "cancelled" }
  | { readonly type: "failed"; readonly code: PeerErrorCode; readonly message: string };

/** Slots of the memory that both threads share. 1: the request was cancelled. */
export const CANCELLED_SLOT = 0;
/** How many chunks of the ring the main thread has finished with, counted from the beginning of the stream. */
export const TAKEN_SLOT = 1;
/** Changes with each of the others: what the worker waits at. */
export const WAKE_SLOT = 2;
export const CONTROL_SLOTS = 3;
