import {
  type Answer,
  encodeControlFrame,
  encodeFrame,
  type GameId,
  type LibrarySnapshot,
  MAX_RESPONSE_BYTES,
  type Manifest,
  RESET,
  type Request,
  WireError,
} from "@lanspread/proto";
import type { Catalog } from "../catalog/index.ts";
import type { Library } from "../library/index.ts";
import { type Logger, silentLogger } from "../logger.ts";
import type { RequestContext } from "../peers/types.ts";
import {
  type BufferPool,
  createBufferPool,
  NO_PROGRESS_MS,
  type OutboundTransfers,
  ProgressLimit,
  type RequestStream,
} from "../transfer/index.ts";
import { type AnswerGameOptions, answerGame } from "./answer-game.ts";
import { AnsweringStream } from "./answering-stream.ts";
import {
  CONTROL_REQUESTS_PER_SECOND,
  COUNTED_PEERS,
  FILES_OF_ALL,
  FILES_PER_PEER,
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
import { createServeViews } from "./serve-view.ts";
import { createSharedFrames } from "./shared-frames.ts";
import { createSlots, type Slots } from "./slots.ts";
import type { ControlHandlers, RequestServer } from "./types.ts";
import { writeInSteps } from "./write-in-steps.ts";

export interface RequestServerOptions {
  readonly library: Pick<Library, "snapshot" | "manifestOf" | "pieceDigests" | "rescan">;
  readonly catalog: Catalog;
  /** Where every answer about a game is registered before the gate is asked. */
  readonly outbound: Pick<OutboundTransfers, "run">;
  /** Whether an operation is active on a game, at this moment. */
  readonly isBusy: (id: GameId) => boolean;
  /** The games directory of this moment. */
  readonly gamesDir: () => string;
  readonly control: ControlHandlers;
  readonly logger?: Logger;
  /** Default: buffers of its own. */
  readonly buffers?: BufferPool;
  /** Milliseconds of a clock that never goes back. */
  readonly now?: () => number;
  /** Milliseconds in which something of a request or of a control answer has to move. */
  readonly noProgressMs?: number;
}

/** Answers what other peers ask: one request per stream, each through the limits, its schema and the serving gate. */
export function createRequestServer(options: RequestServerOptions): RequestServer {
  return new Server(options);
}

/** Requests for a file's bytes, which come by the thousand and are bounded by what they send. */
const DATA_REQUESTS: ReadonlySet<Request["type"]> = new Set(["get_game_file_data", "get_game_file_chunk"]);

const FRAME_BUDGET = { perPeer: FRAME_BYTES_PER_PEER, all: FRAME_BYTES_OF_ALL, always: FRAME_BYTES_ALWAYS };

class Server implements RequestServer {
  readonly #options: RequestServerOptions;
  readonly #game: AnswerGameOptions;
  readonly #logger: Logger;
  readonly #now: () => number;
  readonly #noProgressMs: number;
  readonly #budget: FrameBudget = createFrameBudget(FRAME_BUDGET);
  readonly #answerBudget: FrameBudget = createFrameBudget(FRAME_BUDGET);
  readonly #libraryFrame = createSharedFrames((snapshot: LibrarySnapshot) =>
    encodeAnswer({ type: "games", snapshot }),
  );
  readonly #allowance: RequestAllowance = createRequestAllowance({
    perSecond: CONTROL_REQUESTS_PER_SECOND,
    peers: COUNTED_PEERS,
  });
  readonly #longFrames: RequestAllowance = createRequestAllowance({
    perSecond: LONG_FRAME_BYTES_PER_SECOND,
    atOnce: LONG_FRAME_BYTES_AT_ONCE,
    peers: COUNTED_PEERS,
  });
  readonly #slots: Slots = createSlots({ perKey: FILES_PER_PEER, all: FILES_OF_ALL });

  constructor(options: RequestServerOptions) {
    this.#options = options;
    this.#game = {
      library: options.library,
      viewOf: createServeViews(options),
      outbound: options.outbound,
      gamesDir: options.gamesDir,
      buffers: options.buffers ?? createBufferPool(),
      manifestFrame: createSharedFrames((manifest: Manifest) => encodeAnswer({ type: "game", manifest })),
      onStale: (id) => this.#rescan(id),
    };
    this.#logger = (options.logger ?? silentLogger).child("serve");
    this.#now = options.now ?? (() => performance.now());
    this.#noProgressMs = options.noProgressMs ?? NO_PROGRESS_MS;
  }

  async serveStream(accepted: RequestStream, context: RequestContext): Promise<void> {
    const stream = new AnsweringStream(accepted);
    let request: Request | null = null;
    try {
      request = await this.#receive(stream, context);
      if (request === null) return stream.giveUp(RESET.malformed);
      await this.#answer(stream, request, context);
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

  async #answer(stream: AnsweringStream, request: Request, context: RequestContext): Promise<void> {
    if ("peer_id" in request && request.peer_id !== context.peerId) {
      throw new Refused("wrong_peer", `the certificate is that of ${context.peerId}`);
    }
    const { control } = this.#options;
    if (request.type !== "hello" && !control.isGreeted(context)) {
      throw new Refused("bad_request", "say hello first", true);
    }
    switch (request.type) {
      case "hello":
        return await this.#send(stream, await control.hello(request, context), context);
      case "library_delta":
        return await this.#send(stream, await control.libraryDelta(request, context), context);
      case "ping":
        return await this.#send(stream, await control.ping(request, context), context);
      case "goodbye":
        return await this.#send(stream, await control.goodbye(request, context), context);
      case "list_games":
        return await this.#sendFrame(stream, this.#libraryFrame(this.#options.library.snapshot()), context);
      case "stream_install":
        throw new Refused("bad_request", "streamed installs are not offered here");
      case "get_game":
      case "get_piece_hashes":
        return await answerGame(stream, request, context.signal, this.#game);
      case "get_game_file_data":
      case "get_game_file_chunk": {
        using _slot = await this.#slots.acquire(context.peerId, context);
        return await answerGame(stream, request, context.signal, this.#game);
      }
    }
  }

  async #send(stream: AnsweringStream, answer: Answer, context: RequestContext): Promise<void> {
    const frame = encodeAnswer(answer);
    using reserved = this.#answerBudget.reserve(context.peerId, frame.length);
    if (reserved === null) throw new Refused("busy", "too many answers that are not read", true);
    await this.#sendFrame(stream, frame, context);
  }

  async #sendFrame(stream: AnsweringStream, frame: Uint8Array, context: RequestContext): Promise<void> {
    using limit = new ProgressLimit(this.#noProgressMs, "sending an answer", context.signal);
    await writeInSteps(stream, frame, { signal: limit.signal, moved: () => limit.moved() });
  }

  /** Nothing may come behind a request; who never finishes must not hold the stream for ever. */
  async #takeEnd(stream: AnsweringStream, context: RequestContext): Promise<void> {
    using limit = new ProgressLimit(this.#noProgressMs, "waiting for the end", context.signal);
    try {
      if ((await stream.read(new Uint8Array(1), { signal: limit.signal })) > 0) stream.stop(RESET.malformed);
    } catch {
      // The answer was given; what became of the request's side changes nothing.
      stream.stop(RESET.cancelled);
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
      const code = stream.broken && failure.reset === RESET.internal ? RESET.cancelled : failure.reset;
      if (code === RESET.internal) this.#logger.warn("a request could not be answered to its end", fields);
      else this.#logger.debug("a request ended early", fields);
      return stream.giveUp(code);
    }
    const { answer, fault } = failure;
    if (fault) this.#logger.warn("a request could not be answered", fields);
    else this.#logger.debug("a request is refused", fields);
    try {
      const frame = request?.type === "stream_install" ? encodeControlFrame(answer) : encodeFrame(answer);
      await this.#sendFrame(stream, frame, context);
      stream.finish();
      if (request === null) stream.stop(answer.code === "busy" ? RESET.overLimit : RESET.malformed);
      else await this.#takeEnd(stream, context);
    } catch {
      stream.giveUp(RESET.cancelled);
    }
  }

  /** The library looks again, and tells who has to know. */
  #rescan(id: GameId): void {
    this.#options.library.rescan(id, { walk: true }).catch((error: unknown) => {
      this.#logger.warn("a game could not be looked at again", { gameId: id, error });
    });
  }
}

function encodeAnswer(answer: Answer): Uint8Array {
  return encodeFrame(answer, MAX_RESPONSE_BYTES);
}
