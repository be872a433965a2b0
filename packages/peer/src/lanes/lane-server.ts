import {
  type GameId,
  type Hash,
  type ManifestFile,
  type PeerId,
  RESET,
  type Request,
} from "@lanspread/proto";
import type { Connection } from "@lanspread/quic";
import type { Logger } from "../logger.ts";
import {
  type AnswerGameOptions,
  type AnsweringStream,
  answerGame,
  createFileSlots,
  decideServe,
  isServable,
  placesOf,
  Refused,
  type ServeView,
  StreamServer,
  serveRequestOf,
} from "../serve/index.ts";
import { directAccess, pooledAccess } from "../storage/index.ts";
import {
  createBufferPool,
  createOutboundTransfers,
  createSentBytes,
  type SentOfGame,
} from "../transfer/index.ts";
import { DIRECT_BYTES, TELL_OUTBOUND_MS, TELL_SENT_MS } from "./constants.ts";
import type { PushedView } from "./messages.ts";

export interface LaneServerOptions {
  /** Whose certificate (DER) it is; null for who has not said hello to the main thread. */
  readonly identify: (certificate: Uint8Array) => Promise<PeerId | null>;
  /** @param holds of the manifest that is held: null is answered where that is still so */
  readonly askView: (gameId: GameId, holds: Hash | null) => Promise<PushedView | null>;
  /** The answers that are under way have become others. */
  readonly onOutbound: (counts: Readonly<Record<GameId, number>>) => void;
  /** What was sent since the last time. */
  readonly onSent: (sent: readonly SentOfGame[]) => void;
  readonly onStale: (gameId: GameId) => void;
  readonly logger: Logger;
}

/**
 * Serves files, and nothing else, to peers that have said hello on the control connection.
 *
 * What the serving gate knows comes from the main thread: asked for with a game's first request, kept until it is revoked.
 */
export class LaneServer {
  readonly #options: LaneServerOptions;
  readonly #views = new Map<GameId, PushedView>();
  readonly #asked = new Map<GameId, Promise<PushedView | null>>();
  readonly #sent = createSentBytes();
  #sentTimer: NodeJS.Timeout | undefined;
  readonly #outbound = createOutboundTransfers({
    onSent: (peerId, gameId, bytes) => {
      this.#sent.add({ peerId, gameId, bytes });
      this.#sentTimer ??= setTimeout(() => this.#tellSent(), TELL_SENT_MS).unref();
    },
  });
  readonly #slots = createFileSlots();
  readonly #streams: StreamServer;
  readonly #game: AnswerGameOptions;
  /** Who has each connection; null while that is being found out. */
  readonly #connections = new Map<Connection, PeerId | null>();
  #outboundTimer: NodeJS.Timeout | undefined;
  #saidToSend = false;
  #closed = false;

  constructor(options: LaneServerOptions) {
    this.#options = options;
    this.#streams = new StreamServer({
      answer: (stream, request, { peerId, signal }) => this.#answer(stream, request, peerId, signal),
      logger: options.logger,
    });
    this.#game = {
      viewOf: (gameId) => viewOf(this.#views.get(gameId)),
      outbound: {
        run: async (gameId, send, runOptions) => {
          try {
            const running = this.#outbound.run(gameId, send, runOptions);
            this.#tellOutbound();
            return await running;
          } finally {
            this.#tellOutbound();
          }
        },
      },
      gamesDir: (gameId) => this.#views.get(gameId)?.gamesDir ?? "",
      accessFor: (bytes) => (bytes <= DIRECT_BYTES ? directAccess : pooledAccess),
      buffers: createBufferPool(),
      onStale: options.onStale,
      pieceDigests: () => null,
      manifestFrame: () => {
        throw new Error("a lane serves no manifest");
      },
    };
  }

  async accept(connection: Connection): Promise<void> {
    const over = new AbortController();
    this.#connections.set(connection, null);
    void connection.closed.then(() => {
      this.#connections.delete(connection);
      over.abort();
    });
    const peerId = await this.#options.identify(connection.peerCertificate);
    if (this.#closed || peerId === null) {
      if (this.#closed) connection.close(RESET.shuttingDown, "the peer stops");
      else connection.close(RESET.refused, "say hello on the control connection first");
      return;
    }
    if (this.#connections.has(connection)) this.#connections.set(connection, peerId);
    const { id: connectionId, remote } = connection;
    const context = { peerId, remote, connectionId, signal: over.signal };
    connection.onStream((stream) => void this.#streams.serveStream(stream, context));
  }

  /** The main thread has said what the gate knows. What cannot be served is not kept: who asks for it may ask for anything. */
  know(gameId: GameId, view: PushedView): void {
    if (isServable(viewOf(view))) this.#views.set(gameId, view);
  }

  /** Resolves when no answer about the game, about any with null, is under way any more that was begun by what was known before. */
  async revoke(gameId: GameId | null): Promise<void> {
    if (gameId === null) {
      this.#views.clear();
      await this.#outbound.cancelAll();
    } else {
      this.#views.delete(gameId);
      await this.#outbound.cancel(gameId);
    }
  }

  /** Ends the connections of a peer that is gone: what they hold would be missed by the process that comes in its place. */
  drop(peerId: PeerId): void {
    for (const [connection, owner] of this.#connections) {
      if (owner === peerId) connection.close(RESET.stalled, "the peer is gone");
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#views.clear();
    await this.#outbound.cancelAll();
    clearTimeout(this.#sentTimer);
    clearTimeout(this.#outboundTimer);
    for (const connection of this.#connections.keys()) connection.close(RESET.shuttingDown, "the peer stops");
  }

  async #answer(
    stream: AnsweringStream,
    request: Request,
    peerId: PeerId,
    signal: AbortSignal,
  ): Promise<void> {
    if (request.type !== "get_game_file_data" && request.type !== "get_game_file_chunk") {
      throw new Refused("bad_request", "only files are served here");
    }
    using _slot = await this.#slots.acquire(peerId, { signal, places: placesOf(request) });
    const { game_id: gameId } = request;
    const asked = serveRequestOf(request);
    let decision = decideServe(viewOf(this.#views.get(gameId) ?? (await this.#askView(gameId))), asked);
    // The revocation may still be on its way here when the peer has already learned of the new manifest.
    if (!decision.allow) decision = decideServe(viewOf(await this.#askNewer(gameId)), asked);
    if (!decision.allow) throw Refused.by(decision);
    await answerGame(stream, request, { peerId, signal }, this.#game);
  }

  /** What is so now: it may be what is held. */
  async #askNewer(gameId: GameId): Promise<PushedView | undefined> {
    const held = this.#views.get(gameId);
    const newer = await this.#options.askView(gameId, held?.manifest?.manifest_hash ?? null);
    // Nothing is held any more where a revocation came before the answer.
    return newer ?? this.#views.get(gameId);
  }

  #askView(gameId: GameId): Promise<PushedView | null> {
    const asked = this.#asked.get(gameId);
    if (asked !== undefined) return asked;
    const view = this.#options.askView(gameId, null).finally(() => this.#asked.delete(gameId));
    this.#asked.set(gameId, view);
    return view;
  }

  #tellSent(): void {
    this.#sentTimer = undefined;
    this.#options.onSent(this.#sent.take());
  }

  /** Soon where nothing was going out before; then once for all that changes in a while: thousands of small files come and go. */
  #tellOutbound(): void {
    if (this.#outboundTimer !== undefined) return;
    const tell = (): void => {
      this.#outboundTimer = undefined;
      const counts = this.#outbound.counts();
      this.#saidToSend = Object.keys(counts).length > 0;
      this.#options.onOutbound(counts);
    };
    this.#outboundTimer = setTimeout(tell, this.#saidToSend ? TELL_OUTBOUND_MS : 1).unref();
  }
}

const views = new WeakMap<PushedView, ServeView>();

/** What was revoked while a request was on its way is being worked on, as far as a lane knows: who asks again learns more. */
const REVOKED: ServeView = {
  inCatalog: true,
  catalogVersion: undefined,
  operationActive: true,
  version: null,
  manifest: null,
  fileAt: () => undefined,
};

function viewOf(view: PushedView | null | undefined): ServeView {
  if (view === undefined || view === null) return REVOKED;
  const known = views.get(view);
  if (known !== undefined) return known;
  const files: ReadonlyMap<string, ManifestFile> = new Map(
    view.manifest?.files.map((file) => [file.path, file]),
  );
  const made: ServeView = { ...view, fileAt: (path) => files.get(path) };
  views.set(view, made);
  return made;
}
