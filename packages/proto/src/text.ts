import { MAX_ERROR_MESSAGE_LENGTH } from "./limits.ts";

const CONTROL = /\p{Cc}/u;
const EVERY_CONTROL = /\p{Cc}/gu;

/** Whether text has characters that steer a terminal or break a line. */
export function hasControlCharacters(text: string): boolean {
  return CONTROL.test(text);
}

/** A message that may go to a terminal, a log and the wire: one line, well-formed, of bounded length. */
export function cleanMessage(message: string): string {
  const cut =
    message.length > MAX_ERROR_MESSAGE_LENGTH
      ? `${message.slice(0, MAX_ERROR_MESSAGE_LENGTH - 1)}…`
      : message;
  return cut.replace(EVERY_CONTROL, " ").toWellFormed();
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
