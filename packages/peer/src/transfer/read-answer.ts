import {
  type Answer,
  encodeFrame,
  MAX_RESPONSE_BYTES,
  parseAnswer,
  type Request,
  WireError,
} from "@lanspread/proto";
import { MAX_SHORT_ANSWER_BYTES } from "./constants.ts";
import { readFrameBody, readFrameLength } from "./frame-reader.ts";
import { type RequestStream, readFully, type Waiting } from "./request-stream.ts";

/** An answer, and where the bytes behind it come from. */
export interface ReadAnswer {
  readonly answer: Answer;
  readonly rest: Pick<RequestStream, "read">;
}

/**
 * Reads the frame that answers a request.
 *
 * How it will be is known of a part of a file: one of its length, byte for byte as this program writes it. So that is read at once, and
 * compared instead of taken apart; whatever else comes is read as any other answer. No frame that refuses is as short.
 *
 * @throws WireError where it is none
 */
export async function readAnswer(
  stream: Pick<RequestStream, "read">,
  request: Request,
  options: Waiting,
): Promise<ReadAnswer> {
  if (request.type !== "get_game_file_chunk")
    return { answer: await readAnyAnswer(stream, request, options), rest: stream };
  const usual: Answer = { type: "file_data", size: request.length };
  const frame = encodeFrame(usual);
  const begin = Buffer.allocUnsafe(frame.length);
  const count = await readFully(stream, begin, options);
  if (begin.equals(frame) && count === frame.length) return { answer: usual, rest: stream };
  const rest = new Unread(begin.subarray(0, count), stream);
  return { answer: await readAnyAnswer(rest, request, options), rest };
}

async function readAnyAnswer(
  stream: Pick<RequestStream, "read">,
  request: Request,
  options: Waiting,
): Promise<Answer> {
  const length = await readFrameLength(stream, maxAnswerBytes(request), options);
  if (length === null) throw new WireError("bad_request", "the stream ends without an answer");
  const body = Buffer.allocUnsafe(length);
  await readFrameBody(stream, body, options);
  return parseAnswer(body);
}

/** A library or a manifest may be long; whatever answers other requests is a few words, before raw bytes or alone. */
function maxAnswerBytes({ type }: Request): number {
  const isLong = type === "hello" || type === "list_games" || type === "get_game";
  return isLong ? MAX_RESPONSE_BYTES : MAX_SHORT_ANSWER_BYTES;
}

/** A stream of which too much was read. */
class Unread implements Pick<RequestStream, "read"> {
  #bytes: Uint8Array;
  readonly #stream: Pick<RequestStream, "read">;

  constructor(bytes: Uint8Array, stream: Pick<RequestStream, "read">) {
    this.#bytes = bytes;
    this.#stream = stream;
  }

  read(into: Uint8Array, options?: Waiting): Promise<number> {
    if (this.#bytes.length === 0) return this.#stream.read(into, options);
    const count = Math.min(into.length, this.#bytes.length);
    into.set(this.#bytes.subarray(0, count));
    this.#bytes = this.#bytes.subarray(count);
    return Promise.resolve(count);
  }
}
