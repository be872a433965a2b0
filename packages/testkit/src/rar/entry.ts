import type { Packed } from "./compress/compress.ts";

/** Content of an entry: bytes, text, or something that makes them piece by piece. The size is needed beforehand. */
export type Rar5Content =
  | Uint8Array
  | string
  | { readonly size: number; chunks(): Iterable<Uint8Array> | AsyncIterable<Uint8Array> }
  /** That many zero bytes. They take no space on disk where the file system knows holes. */
  | { readonly zeros: number }
  /** What is compressed already: the only content that is not stored. RAR 5.0 only. */
  | Packed;

/** A file in the archive, stored without compression unless its content is {@link Packed}. */
export interface Rar5File {
  readonly type?: "file";
  /** Written as it is, however unsafe: components are separated by `/`. */
  readonly name: string;
  readonly content: Rar5Content;
  /** Kept to the microsecond that a Date can hold: whole milliseconds. Before 1970 and from 2106 on as Windows writes it; RAR 5.0 only. */
  readonly mtime?: Date;
  /**
   * Plants a fault: `crc` states a wrong checksum, `header` spoils the checksum of the entry's header, `data` spoils
   * the last byte of the content.
   */
  readonly damage?: "crc" | "header" | "data";
  /** Encrypts the content (AES-256): it cannot be read without this password. */
  readonly password?: string;
  /** States this size of the unpacked content instead of the true one. */
  readonly falseSize?: number;
  /** Unix mode, type bits included. Default 0o100644. Other types make devices, pipes and sockets. */
  readonly mode?: number;
  /** Windows attributes instead of a mode: the entry was made on Windows. */
  readonly attributes?: number;
  /**
   * Says that the content is compressed like this, which it is not: nobody can unpack it. The dictionary is 128 KiB
   * shifted left by 0 to 15; version 1 of the algorithm came with RAR 7. RAR 5.0 only.
   */
  readonly falseCompression?: {
    readonly version: number;
    readonly method: number;
    readonly dictionary: number;
  };
}

export interface Rar5Directory {
  readonly type: "directory";
  readonly name: string;
  readonly mtime?: Date;
  readonly attributes?: number;
}

/** A link as RAR stores it; `target` is written as it is. RAR 4 knows symbolic links only. */
export interface Rar5Link {
  readonly type: "symlink" | "hardlink" | "junction";
  readonly name: string;
  readonly target: string;
  /** Unix mode, type bits included. Default that of a symbolic link. RAR 5.0 only. */
  readonly mode?: number;
}

/** Beside the entries: no entry, but that many bytes in the archive that every program passes over. They take no space on disk. */
export interface Rar5Padding {
  readonly type: "padding";
  readonly bytes: number;
  /** In a block of a type that no program knows. RAR 5.0 only. */
  readonly unknownType?: boolean;
}

export type Rar5Entry = Rar5File | Rar5Directory | Rar5Link;

/** Size of an entry's content in bytes. */
export function contentSize(content: Rar5Content): number {
  if (typeof content === "string") return Buffer.byteLength(content);
  if (content instanceof Uint8Array) return content.length;
  return "zeros" in content ? content.zeros : content.size;
}

/** Bytes that it takes in the archive, less encryption. */
export function packedSize(content: Rar5Content): number {
  return isPacked(content) ? content.packed.length : contentSize(content);
}

export function isPacked(content: Rar5Content): content is Packed {
  return typeof content === "object" && "packed" in content;
}
