import type { GameId, LibrarySnapshot, Manifest, Request } from "@lanspread/proto";
import type { Catalog } from "../catalog/index.ts";
import type { Unpacker } from "../install/index.ts";
import type { Library } from "../library/index.ts";
import { type Logger, silentLogger } from "../logger.ts";
import type { RequestContext } from "../peers/types.ts";
import { pooledAccess } from "../storage/index.ts";
import { createStreamInstalls, type StreamInstalls } from "../stream-install/send/index.ts";
import {
  type BufferPool,
  createBufferPool,
  type OutboundTransfers,
  type RequestStream,
} from "../transfer/index.ts";
import { type AnswerGameOptions, answerGame } from "./answer-game.ts";
import type { AnsweringStream } from "./answering-stream.ts";
import { LARGE_ANSWER_PLACES } from "./constants.ts";
import { Refused } from "./refused.ts";
import { createServeViews } from "./serve-view.ts";
import { createSharedFrames } from "./shared-frames.ts";
import { createFileSlots, placesOf, type Slots } from "./slots.ts";
import { encodeAnswer, StreamServer } from "./stream-server.ts";
import type { ControlHandlers, RequestServer } from "./types.ts";

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
  /** Reads archives for who wants a game unpacked. */
  readonly unpacker: Unpacker;
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

class Server implements RequestServer {
  readonly #options: RequestServerOptions;
  readonly #game: AnswerGameOptions;
  readonly #streamInstalls: StreamInstalls;
  readonly #logger: Logger;
  readonly #streams: StreamServer;
  readonly #libraryFrame = createSharedFrames((snapshot: LibrarySnapshot) =>
    encodeAnswer({ type: "games", snapshot }),
  );
  readonly #slots: Slots = createFileSlots();

  constructor(options: RequestServerOptions) {
    this.#options = options;
    const { now, noProgressMs } = options;
    this.#logger = (options.logger ?? silentLogger).child("serve");
    const buffers = options.buffers ?? createBufferPool();
    const onStale = (id: GameId): void => this.#rescan(id);
    this.#game = {
      pieceDigests: (id) => options.library.pieceDigests(id),
      viewOf: createServeViews(options),
      outbound: options.outbound,
      gamesDir: options.gamesDir,
      accessFor: () => pooledAccess,
      buffers,
      manifestFrame: createSharedFrames((manifest: Manifest) => encodeAnswer({ type: "game", manifest })),
      onStale,
    };
    const { viewOf, outbound, gamesDir } = this.#game;
    const { unpacker } = options;
    this.#streamInstalls = createStreamInstalls({
      unpacker,
      viewOf,
      outbound,
      gamesDir,
      buffers,
      onStale,
      logger: this.#logger,
    });
    this.#streams = new StreamServer({
      answer: (stream, request, context) => this.#answer(stream, request, context),
      logger: this.#logger,
      ...(now === undefined ? {} : { now }),
      ...(noProgressMs === undefined ? {} : { noProgressMs }),
    });
  }

  serveStream(stream: RequestStream, context: RequestContext): Promise<void> {
    return this.#streams.serveStream(stream, context);
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
        return await this.#streams.send(stream, await control.hello(request, context), context);
      case "library_delta":
        return await this.#streams.send(stream, await control.libraryDelta(request, context), context);
      case "ping":
        return await this.#streams.send(stream, await control.ping(request, context), context);
      case "goodbye":
        return await this.#streams.send(stream, await control.goodbye(request, context), context);
      case "list_games":
        return await this.#streams.sendFrame(
          stream,
          this.#libraryFrame(this.#options.library.snapshot()),
          context,
        );
      case "stream_install":
        return await this.#answerInPlaces(LARGE_ANSWER_PLACES, context, () =>
          this.#streamInstalls.answer(stream, request, context),
        );
      case "get_game":
      case "get_piece_hashes":
        return await answerGame(stream, request, context, this.#game);
      case "get_game_file_data":
      case "get_game_file_chunk":
        return await this.#answerInPlaces(placesOf(request), context, () =>
          answerGame(stream, request, context, this.#game),
        );
    }
  }

  async #answerInPlaces(
    places: number,
    { peerId, signal }: RequestContext,
    answer: () => Promise<void>,
  ): Promise<void> {
    using _slot = await this.#slots.acquire(peerId, { signal, places });
    await answer();
  }

  /** The library looks again, and tells who has to know. */
  #rescan(id: GameId): void {
    this.#options.library.rescan(id, { walk: true }).catch((error: unknown) => {
      this.#logger.warn("a game could not be looked at again", { gameId: id, error });
    });
  }
}
