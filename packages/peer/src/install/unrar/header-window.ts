import { readSync } from "node:fs";

/** Bytes that are read at once: dozens of headers of small files, and no more than the disk reads anyway. */
const WINDOW_BYTES = 4096;

/** Reads headers out of a file, several with one call of the system where they lie beside each other. */
export interface HeaderWindow {
  /** Up to `length` bytes, fewer at the end of the file. They are other bytes after the next call. */
  readAt(position: number, length: number): Buffer;
}

export function createHeaderWindow(descriptor: number): HeaderWindow {
  const window = Buffer.allocUnsafe(WINDOW_BYTES);
  let begin = 0;
  let filled = 0;
  return {
    readAt(position, length) {
      if (length > window.length) {
        const buffer = Buffer.allocUnsafe(length);
        return buffer.subarray(0, readSync(descriptor, buffer, 0, length, position));
      }
      if (position < begin || position + length > begin + filled) {
        filled = readSync(descriptor, window, 0, window.length, position);
        begin = position;
      }
      return window.subarray(position - begin, Math.min(position - begin + length, filled));
    },
  };
}
