import type { PeerErrorCode } from "../../errors/index.ts";
import type { UnpackedFile } from "../types.ts";

/** An entry as the archive has it; nothing about it is checked yet. */
export interface RawEntry {
  readonly name: string;
  readonly type: "file" | "directory";
  /** Bytes when unpacked. */
  readonly size: number;
  readonly mtime: number | null;
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
    };

/** What the worker says. All but `progress` end a request. */
export type UnrarReply =
  | {
      readonly type: "progress";
      /** Index of the entry that is being unpacked. */
      readonly index: number;
      /** Bytes written so far. */
      readonly bytes: number;
    }
  | { readonly type: "listing"; readonly listing: RawListing }
  | { readonly type: "unpacked"; readonly files: readonly UnpackedFile[] }
  | { readonly type: "cancelled" }
  | { readonly type: "failed"; readonly code: PeerErrorCode; readonly message: string };

/** Slots of the memory that both threads share. */
export const CANCELLED_SLOT = 0;
export const CONTROL_SLOTS = 1;
