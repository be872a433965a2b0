import type { PeerErrorCode } from "../errors/index.ts";

/** Names in a game root that are looked at closely: what the thread is started with. */
export interface LookNames {
  readonly sentinel: string;
  readonly local: string;
}

/** What the main thread wants to know of one game root, or of one directory in it. */
export type LookRequest = RootRequest | ListRequest | NamesRequest;

/** What of the disk each kind of request shows. */
export type ReplyTo<Request extends LookRequest> = Request extends NamesRequest
  ? NamesReply
  : Request extends ListRequest
    ? ListReply
    : RootReply;

export interface ListRequest {
  /** Absolute path of the directory. */
  readonly directory: string;
}

/** Nothing in the directory is looked at but its names. */
export interface NamesRequest extends ListRequest {
  readonly onlyNames: true;
}

export interface RootRequest {
  /** Absolute path of the game root. */
  readonly root: string;
  /** Absolute path of the game's index entry, where that is wanted too. */
  readonly entryFile: string | null;
}

/** What the looking thread says. Plain data: nothing is concluded from it there. */
export type LookReply = RootReply | ListReply | NamesReply;

export type RootReply =
  | RootSight
  /** There is no directory at the root's place. A link to one is none. */
  | { readonly status: "no-root" }
  | FailedLook;

export type ListReply = { readonly status: "listed"; readonly entries: readonly ListedEntry[] } | FailedLook;

export type NamesReply = { readonly status: "named"; readonly entries: readonly NamedEntry[] } | FailedLook;

export interface FailedLook {
  readonly status: "failed";
  readonly code: PeerErrorCode;
  /** Names the path. */
  readonly message: string;
}

/** A directory entry, by its name in the directory. Size in bytes, time in nanoseconds since 1970, as digits: more than a number holds. */
export type ListedEntry =
  | readonly [name: string, kind: "file", size: number, mtimeNs: string]
  | StatelessEntry
  /** It was listed, and then could not be looked at. */
  | readonly [name: string, kind: "failed", code: PeerErrorCode, message: string];

/** One whose state is of no interest. */
export type StatelessEntry = readonly [
  name: string,
  kind: "directory" | "link" | "socket" | "pipe" | "device",
];

/** As {@link ListedEntry}, of a file by its name alone. */
export type NamedEntry = readonly [name: string, kind: "file"] | StatelessEntry;

/** What one directory listing and the state of a few files show. */
export interface RootSight {
  readonly status: "seen";
  readonly sentinel: SentinelFile;
  /** The archives, by name. */
  readonly archives: readonly ArchiveStamp[];
  /** What lies at `local`, in just this spelling. */
  readonly local: "missing" | "directory" | "other";
  /** Every other name of the root, sorted. */
  readonly others: readonly string[];
  /** The text of the index entry; null where it was not wanted, is not there, or is nothing that could be read at once. */
  readonly entryText: string | null;
}

export type ArchiveStamp = readonly [name: string, size: string, mtimeNs: string];

/** What lies at `version.ini`, as it was read. */
export type SentinelFile =
  | { readonly status: "missing" }
  /** `place` changes when size or time do. */
  | { readonly status: "read"; readonly place: string; readonly text: string }
  /** There is something, but it cannot be one. */
  | {
      readonly status: "unfit";
      readonly stamp: string /** For the user; names the file. */;
      readonly warning: string;
    };
