import {
  type Answer,
  encodeControlFrame,
  encodeFrame,
  MAX_RESPONSE_BYTES,
  RESET,
  type Request,
  WireError,
} from "@lanspread/proto";
import { type Logger, silentLogger } from "../logger.ts";
import type { RequestContext } from "../peers/types.ts";
import { NO_PROGRESS_MS, ProgressLimit, type RequestStream } from "../transfer/index.ts";
import { AnsweringStream } from "./answering-stream.ts";
import {
  CONTROL_REQUESTS_PER_SECOND,
  COUNTED_PEERS,
  FRAME_BYTES_ALWAYS,
  FRAME_BYTES_OF_ALL,
  FRAME_BYTES_PER_PEER,
  LONG_FRAME_BYTES_AT_ONCE,
  LONG_FRAME_BYTES_PER_SECOND,
} from "./constants.ts";
import { tell } from "./failure.ts";
import { createFrameBudget, type FrameBudget } from "./frame-budget.ts";
import { receiveRequest } from "./receive-request.ts";
import { Refused } from "./refused.ts";
import { createRequestAllowance, type RequestAllowance } from "./request-allowance.ts";
import { writeInSteps } from "./write-in-steps.ts";

export interface StreamServerOptions {
  /**
   * Answers one request. It need not finish the stream; what it throws is told to the other side as far as that may be.
   */
  readonly answer: (stream: AnsweringStream, request: Request, context: RequestContext) => Promise<void>;
  readonly logger?: Logger;
  /** Milliseconds of a clock that never goes back. */
  readonly now?: () => number;
  /** Milliseconds in which something of a request or of a control answer has to move. */
  readonly noProgressMs?: number;
}

/** Requests for a file's bytes, which come by the thousand and are bounded by what they send. */
const DATA_REQUESTS: ReadonlySet<Request["type"]> = new Set(["get_game_file_data", "get_game_file_chunk"]);

const FRAME_BUDGET = { perPeer: FRAME_BYTES_PER_PEER, all: FRAME_BYTES_OF_ALL, always: FRAME_BYTES_ALWAYS };

/** What every request and every answer goes through, whatever it is about: limits, schema, errors, and the end of its stream. */
export class StreamServer {
  readonly #options: StreamServerOptions;
  readonly #logger: Logger;
  readonly #now: () => number;
  readonly #noProgressMs: number;
  readonly #budget: FrameBudget = createFrameBudget(FRAME_BUDGET);
  readonly #answerBudget: FrameBudget = createFrameBudget(FRAME_BUDGET);
  readonly #allowance: RequestAllowance = createRequestAllowance({
    perSecond: CONTROL_REQUESTS_PER_SECOND,
    peers: COUNTED_PEERS,
  });
  readonly #longFrames: RequestAllowance = createRequestAllowance({
    perSecond: LONG_FRAME_BYTES_PER_SECOND,
    atOnce: LONG_FRAME_BYTES_AT_ONCE,
    peers: COUNTED_PEERS,
  });

  constructor(options: StreamServerOptions) {
    this.#options = options;
    this.#logger = options.logger ?? silentLogger;
    this.#now = options.now ?? (() => performance.now());
    this.#noProgressMs = options.noProgressMs ?? NO_PROGRESS_MS;
  }

  /** As {@link RequestServer.serveStream}. */
  async serveStream(accepted: RequestStream, context: RequestContext): Promise<void> {
    const stream = new AnsweringStream(accepted);
    let request: Request | null = null;
    try {
      request = await this.#receive(stream, context);
      if (request === null) return stream.giveUp(RESET.malformed);
      await this.#options.answer(stream, request, context);
      stream.finish();
      await this.#takeEnd(stream, context);
    } catch (error) {
      await this.#fail(stream, request, context, error);
    }
  }

  /** The request, within every limit. */
  async #receive(stream: AnsweringStream, context: RequestContext): Promise<Request | null> {
    let counted = false;
    const count = (): void => {
      if (counted) return;
      counted = true;
      if (!this.#allowance.take(context.peerId, this.#now())) {
        throw new Refused("busy", `over ${CONTROL_REQUESTS_PER_SECOND} requests per second`, true);
      }
    };
    try {
      const request = await receiveRequest({
        stream,
        peer: context.peerId,
        budget: this.#budget,
        noProgressMs: this.#noProgressMs,
        onLongFrame: (bytes) => {
          count();
          if (this.#longFrames.take(context.peerId, this.#now(), bytes)) return;
          throw new Refused("busy", "too many long requests", true);
        },
        signal: context.signal,
      });
      if (request !== null && !DATA_REQUESTS.has(request.type)) {
        count();
        // Who counts what a change costs counts these lines.
        this.#logger.debug("a request came", { peerId: context.peerId, request: request.type });
      }
      return request;
    } catch (error) {
      if (error instanceof WireError) count();
      throw error;
    }
  }

  /** Sends an answer that is held for this receiver alone, within what one may have held. */
  async send(stream: AnsweringStream, answer: Answer, context: RequestContext): Promise<void> {
    const frame = encodeAnswer(answer);
    using reserved = this.#answerBudget.reserve(context.peerId, frame.length);
    if (reserved === null) throw new Refused("busy", "too many answers that are not read", true);
    await this.sendFrame(stream, frame, context);
  }

  /** Sends bytes that others may be sent as well. */
  async sendFrame(stream: AnsweringStream, frame: Uint8Array, context: RequestContext): Promise<void> {
    using limit = new ProgressLimit(this.#noProgressMs, "sending an answer", context.signal);
    await writeInSteps(stream, frame, { signal: limit.signal, moved: () => limit.moved() });
  }

  /**
   * Nothing may come behind a request; who never finishes must not hold the stream for ever. A timer alone, since of thousands of
   * requests for small files each one's end is here already.
   */
  async #takeEnd(stream: AnsweringStream, { signal }: RequestContext): Promise<void> {
    const late = setTimeout(() => stream.stop(RESET.cancelled), this.#noProgressMs).unref();
    try {
      if ((await stream.read(new Uint8Array(1), { signal })) > 0) stream.stop(RESET.malformed);
    } catch {
      // The answer was given; what became of the request's side changes nothing.
      stream.stop(RESET.cancelled);
    } finally {
      clearTimeout(late);
    }
  }

  async #fail(
    stream: AnsweringStream,
    request: Request | null,
    context: RequestContext,
    error: unknown,
  ): Promise<void> {
    const failure = tell(error, !stream.begun && !stream.broken && !context.signal.aborted);
    const { peerId, connectionId } = context;
    const fields = { peerId, connectionId, request: request?.type, error };
    if ("reset" in failure) {
      // What fails on a connection that ends is nobody's fault, whichever of both is noticed first.
      const isOver = stream.broken || context.signal.aborted;
      const code = isOver && failure.reset === RESET.internal ? RESET.cancelled : failure.reset;
      if (code === RESET.internal) this.#logger.warn("a request could not be answered to its end", fields);
      else this.#logger.debug("a request ended early", fields);
      return stream.giveUp(code);
    }
    const { answer, fault } = failure;
    if (fault) this.#logger.warn("a request could not be answered", fields);
    else this.#logger.debug("a request is refused", fields);
    try {
      const frame = request?.type === "stream_install" ? encodeControlFrame(answer) : encodeFrame(answer);
      await this.sendFrame(stream, frame, context);
      stream.finish();
      if (request === null) stream.stop(answer.code === "busy" ? RESET.overLimit : RESET.malformed);
      else await this.#takeEnd(stream, context);
    } catch {
      stream.giveUp(RESET.cancelled);
    }
  }
}

export function encodeAnswer(answer: Answer): Uint8Array {
  return encodeFrame(answer, MAX_RESPONSE_BYTES);
}
