import { MAX_HELLO_BYTES, MAX_REQUEST_BYTES, parseRequest, type Request } from "@lanspread/proto";
import {
  ProgressLimit,
  type RequestStream,
  readFrameBody,
  readFrameLength,
  type Waiting,
} from "../transfer/index.ts";
import type { FrameBudget } from "./frame-budget.ts";
import { Refused } from "./refused.ts";

export interface ReceiveOptions extends Waiting {
  readonly stream: Pick<RequestStream, "read">;
  readonly peer: string;
  readonly budget: FrameBudget;
  /** Milliseconds in which the frame has to come. */
  readonly noProgressMs: number;
  /** A frame announced itself that is so long that only control requests can be: refuses by throwing. */
  readonly onLongFrame: (bytes: number) => void;
}

/**
 * Reads the one frame of a request. Nothing is allocated before its length is known and within the budget.
 *
 * @returns null where the other side finished without a byte
 * @throws WireError, Refused `busy`, PeerError `timeout`, and what the stream and the signal say
 */
export async function receiveRequest(options: ReceiveOptions): Promise<Request | null> {
  const { stream, peer, budget, noProgressMs } = options;
  using limit = new ProgressLimit(noProgressMs, "receiving a request", options.signal);
  const waiting = { signal: limit.signal };
  const length = await readFrameLength(stream, MAX_HELLO_BYTES, waiting);
  if (length === null) return null;
  if (length > MAX_REQUEST_BYTES) options.onLongFrame(length);
  using reserved = budget.reserve(peer, length);
  if (reserved === null) throw new Refused("busy", "too many long requests at once", true);
  const body = Buffer.allocUnsafe(length);
  await readFrameBody(stream, body, waiting);
  return parseRequest(body);
}
