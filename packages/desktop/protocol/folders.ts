/** A folder in another one. */
export interface FolderEntry {
  readonly name: string;
  /** Not shown unless asked for. */
  readonly isHidden: boolean;
  /** Leads to a folder elsewhere. */
  readonly isLink: boolean;
  /** What cannot be done with it; null where everything can. */
  readonly problem: FolderProblem | null;
}

/** `unreadable`: what is in it cannot be seen; `read-only`: nothing can be put into it. */
export type FolderProblem = "unreadable" | "read-only";

/** Where a way through the folders begins. */
export interface FolderPlace {
  readonly kind: "home" | "root" | "drive";
  readonly path: string;
  /** What people call it; the path where it has no other name. */
  readonly name: string;
}

/** What is in a folder: folders alone. */
export interface FolderListing {
  /** Absolute. */
  readonly path: string;
  /** Null where it is in no other. */
  readonly parent: string | null;
  readonly problem: FolderProblem | null;
  /** Bytes that are free there; null where nobody knows. */
  readonly freeBytes: number | null;
  /** By name. */
  readonly entries: readonly FolderEntry[];
  /** There are more: only so many are listed. */
  readonly isCut: boolean;
  readonly places: readonly FolderPlace[];
}
