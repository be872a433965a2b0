import { isUtf8 } from "node:buffer";

/** The text of a catalog file, or why its bytes are none. */
export type DecodedText =
  | { readonly ok: true; readonly text: string }
  | { readonly ok: false /** Goes on after the file's name and a colon. */; readonly problem: string };

const NEW_LINE = 0x0a;

/** Decodes UTF-8, with or without a byte order mark (editors write one). Nothing is guessed: other bytes are refused. */
export function decodeText(bytes: Uint8Array): DecodedText {
  const [first, second] = bytes;
  const utf16 = (first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff);
  // JSON begins with two ASCII characters: a zero among its first two bytes is one of UTF-16 or UTF-32 without a mark.
  if (utf16 || (bytes.length > 1 && (first === 0 || second === 0))) {
    return { ok: false, problem: "line 1: the text is UTF-16 or UTF-32, not UTF-8" };
  }
  if (isUtf8(bytes))
    return {
      ok: true,
      text: Buffer.from(bytes)
        .toString("utf8")
        .replace(/^\uFEFF/u, ""),
    };
  return { ok: false, problem: `line ${lineOfBadBytes(bytes)}: the text is not UTF-8` };
}

/** No byte of a longer character is a line feed: lines can be looked at one by one. */
function lineOfBadBytes(bytes: Uint8Array): number {
  let line = 1;
  for (let start = 0; ; line += 1) {
    const end = bytes.indexOf(NEW_LINE, start);
    if (end === -1 || !isUtf8(bytes.subarray(start, end))) return line;
    start = end + 1;
  }
}
