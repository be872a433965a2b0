import type { Rar5File } from "./entry.ts";

/** Where in a set of volumes a block is written, and how the set is packed. */
export interface MainBlock {
  /** Number of the volume in its set, from 0. */
  readonly volume?: number;
  /** The volumes are called `.rNN`, not `.partN`. */
  readonly oldNames?: boolean;
  readonly solid?: boolean;
}

/** What a file block says about an entry. Sizes in bytes. */
export interface FileBlock {
  readonly name: string;
  readonly directory?: boolean;
  /** Bytes of this block's data area. */
  readonly packedSize: number;
  readonly size: number;
  readonly crc?: number;
  readonly mtime?: Date;
  /** Unix mode, type bits included. */
  readonly mode: number;
  /** Windows attributes: the entry is one of Windows, and the mode does not count. */
  readonly attributes?: number;
  readonly link?: { readonly type: "symlink" | "junction" | "hardlink"; readonly target: string };
  readonly encryption?: Uint8Array;
  readonly solid?: boolean;
  /** See {@link Rar5File}. */
  readonly falseCompression?: Rar5File["falseCompression"] & object;
  /** Compressed, not stored. RAR 5.0 only. */
  readonly compressed?: boolean;
  readonly continuesFromPrevious?: boolean;
  readonly continuesInNext?: boolean;
  /** It is no entry but something of the archive's own, which is passed over. */
  readonly service?: boolean;
  /** Its type is one that no program knows. RAR 5.0 only. */
  readonly unknownType?: boolean;
  /** Spoils the block's own checksum. */
  readonly damaged?: boolean;
}

/** One version of the format: how its blocks are written. */
export interface RarFormat {
  readonly signature: Uint8Array;
  /** The block after the signature. */
  mainBlock(main: MainBlock): Uint8Array;
  /** The block in front of an entry's data. Its length does not depend on the checksum. */
  fileBlock(file: FileBlock): Uint8Array;
  /** The last block of an archive or volume. */
  endBlock(moreVolumes: boolean): Uint8Array;
  /** How an archive begins whose headers are encrypted. `salt` has 16 bytes. */
  encryptedHead(salt: Uint8Array): Uint8Array;
}
