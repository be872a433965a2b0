import type { PeerErrorCode } from "../errors/index.ts";

/** What the main thread asks of the hashing worker; one at a time. */
export interface HashRequest {
  /** Absolute path of the game root. */
  readonly root: string;
  readonly files: readonly HashedFile[];
  /** Bytes. */
  readonly pieceSize: number;
}

/** A file as it was when the manifest was made. */
export interface HashedFile {
  readonly path: string;
  readonly size: number;
  readonly mtimeNs: string;
}

/** What the worker says. The last three end a request. */
export type HashReply =
  | { readonly type: "progress" /** Bytes so far. */; readonly bytes: number }
  | { readonly type: "done" /** 32 bytes per piece, in manifest order. */; readonly digests: Uint8Array }
  | { readonly type: "changed" /** A file that is not what the manifest says. */; readonly path: string }
  | { readonly type: "cancelled" }
  | { readonly type: "failed"; readonly code: PeerErrorCode; readonly message: string };

/** Slots of the memory that both threads share. */
export const PAUSED_SLOT = 0;
export const CANCELLED_SLOT = 1;
/** Becomes another number with every change of the others: the thread sleeps on it. */
export const TOLD_SLOT = 2;
export const CONTROL_SLOTS = 3;
