import { FRAME_HEADER_BYTES, RESET, WireError } from "@lanspread/proto";
import { type RequestStream, readFully, type Waiting } from "./request-stream.ts";

/**
 * Reads the length before a frame, and not a byte more: what follows can be read to where it belongs.
 *
 * @returns the length of the body in bytes; null where the stream ended before its first byte
 * @throws WireError where it is 0, over `maxBytes`, or the stream ends within it
 */
export async function readFrameLength(
  stream: Pick<RequestStream, "read">,
  maxBytes: number,
  options: Waiting = {},
): Promise<number | null> {
  const header = Buffer.alloc(FRAME_HEADER_BYTES);
  const count = await readFully(stream, header, options);
  if (count === 0) return null;
  if (count < header.length) throw new WireError("bad_request", "the stream ends within a frame's length");
  const length = header.readUInt32BE();
  if (length === 0) throw new WireError("bad_request", "the frame is empty");
  if (length > maxBytes) {
    throw new WireError(
      "bad_request",
      `the frame has ${length} bytes, ${maxBytes} are allowed`,
      RESET.tooLarge,
    );
  }
  return length;
}

/** @throws WireError where the stream ends before `into` is full */
export async function readFrameBody(
  stream: Pick<RequestStream, "read">,
  into: Uint8Array,
  options: Waiting = {},
): Promise<void> {
  const count = await readFully(stream, into, options);
  if (count < into.length) throw new WireError("bad_request", "the stream ends within a frame");
}
