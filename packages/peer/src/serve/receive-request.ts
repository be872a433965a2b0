import { MAX_HELLO_BYTES, MAX_REQUEST_BYTES, parseRequest, RESET, type Request } from "@lanspread/proto";
import { PeerError } from "../errors/index.ts";
import { type RequestStream, readFrameBody, readFrameLength, type Waiting } from "../transfer/index.ts";
import type { FrameBudget } from "./frame-budget.ts";
import { Refused } from "./refused.ts";

export interface ReceiveOptions extends Waiting {
  readonly stream: Pick<RequestStream, "read" | "stop">;
  readonly peer: string;
  readonly budget: FrameBudget;
  /** Milliseconds in which the frame has to come. */
  readonly noProgressMs: number;
  /** A frame announced itself that is so long that only control requests can be: refuses by throwing. */
  readonly onLongFrame: (bytes: number) => void;
}

/**
 * Reads the one frame of a request. Nothing is allocated before its length is known and within the budget. Where it does not come in
 * time, nothing more is read of the stream.
 *
 * @returns null where the other side finished without a byte
 * @throws WireError, Refused `busy`, PeerError `timeout`, and what the stream and the signal say
 */
export async function receiveRequest(options: ReceiveOptions): Promise<Request | null> {
  const { stream, noProgressMs } = options;
  let isLate = false;
  // A timer alone: with thousands of small requests a signal for each, and its listeners, cost more than reading.
  const late = setTimeout(() => {
    isLate = true;
    stream.stop(RESET.stalled);
  }, noProgressMs).unref();
  try {
    return await receive(options);
  } catch (error) {
    if (!isLate) throw error;
    throw new PeerError("timeout", `receiving a request: nothing came for ${noProgressMs / 1000} s`);
  } finally {
    clearTimeout(late);
  }
}

async function receive({
  stream,
  peer,
  budget,
  onLongFrame,
  ...waiting
}: ReceiveOptions): Promise<Request | null> {
  const length = await readFrameLength(stream, MAX_HELLO_BYTES, waiting);
  if (length === null) return null;
  if (length > MAX_REQUEST_BYTES) onLongFrame(length);
  using reserved = budget.reserve(peer, length);
  if (reserved === null) throw new Refused("busy", "too many long requests at once", true);
  const body = Buffer.allocUnsafe(length);
  await readFrameBody(stream, body, waiting);
  return parseRequest(body);
}
