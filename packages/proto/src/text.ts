import { MAX_ERROR_MESSAGE_LENGTH } from "./limits.ts";

const CONTROL = /\p{Cc}/u;
/** Breaks of lines and paragraphs, and what turns the direction of the text behind it (Unicode 3.13, UAX #9: embeddings, overrides, isolates). */
const MISLEADING = /[\p{Cc}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]/u;
const EVERY_MISLEADING = new RegExp(MISLEADING, "gu");

/** Whether text has characters that steer a terminal or break a line. */
export function hasControlCharacters(text: string): boolean {
  return CONTROL.test(text);
}

/** Whether text has characters that make what stands around it look like something else; control characters are among them. */
export function hasMisleadingCharacters(text: string): boolean {
  return MISLEADING.test(text);
}

/** A message that may go to a terminal, a log and the wire: one line, well-formed, of bounded length. */
export function cleanMessage(message: string): string {
  const cut =
    message.length > MAX_ERROR_MESSAGE_LENGTH
      ? `${message.slice(0, MAX_ERROR_MESSAGE_LENGTH - 1)}…`
      : message;
  return cut.replace(EVERY_MISLEADING, " ").toWellFormed();
}

/** Bytes of well-formed text in UTF-8, without encoding it. */
export function utf8Length(text: string): number {
  let bytes = 0;
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index);
    // Each half of a surrogate pair stands for two of its four bytes.
    bytes += unit < 0x80 ? 1 : unit < 0x800 || (unit >= 0xd800 && unit < 0xe000) ? 2 : 3;
  }
  return bytes;
}
