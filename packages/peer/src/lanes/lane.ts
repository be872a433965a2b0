import {
  ALPN,
  type GameId,
  MAX_CONNECTIONS_PER_ADDRESS,
  MAX_STREAMS_PER_CONNECTION,
  type PeerId,
} from "@lanspread/proto";
import { createEndpoint, type Endpoint } from "@lanspread/quic";
import { type FoundFile, findFile } from "../download/file-state.ts";
import { makeFiles } from "../download/make-files.ts";
import { removeFiles } from "../download/remove-files.ts";
import { createLogger } from "../logger.ts";
import { directAccess } from "../storage/index.ts";
import { REMOVED_BY_LANE_BYTES } from "./constants.ts";
import { flushFiles } from "./flush-files.ts";
import { FlushPace } from "./flush-pace.ts";
import { LaneFetcher } from "./lane-fetcher.ts";
import { LaneServer } from "./lane-server.ts";
import type { FromLane, LaneStart, ListenOrder, PushedView, ToLane, ToOpenLane } from "./messages.ts";
import { Questions } from "./questions.ts";
import { tellFailure, type UnitFailure } from "./unit-failure.ts";

/** A lane as its thread has it. */
export interface Lane {
  hear(message: ToOpenLane): void;
  /** Resolves when the endpoint failed. */
  readonly failed: Promise<Error>;
  /** Ends what is under way, closes the files and the endpoint. */
  close(): Promise<void>;
}

/**
 * Opens the lane's endpoint, tells its port, and serves and fetches from then on.
 *
 * @throws what {@link createEndpoint} throws
 */
export async function openLane(
  start: LaneStart & ListenOrder,
  tell: (message: FromLane) => void,
): Promise<Lane> {
  const { host, port, tls, received } = start;
  const limits = {
    maxStreamsPerConnection: MAX_STREAMS_PER_CONNECTION,
    maxConnectionsPerAddress: MAX_CONNECTIONS_PER_ADDRESS,
  };
  const endpoint = await createEndpoint({ host, port, tls, alpn: ALPN, limits, received });
  const lane = new OpenLane(endpoint, tell);
  tell({ type: "ready", port: endpoint.address.port });
  return lane;
}

class OpenLane implements Lane {
  readonly failed: Promise<Error>;
  readonly #endpoint: Endpoint;
  readonly #identities = new Questions<PeerId | null>();
  readonly #views = new Questions<PushedView | null>();
  readonly #flushPace = new FlushPace();
  readonly #server: LaneServer;
  readonly #fetcher: LaneFetcher;
  readonly #tell: (message: FromLane) => void;

  constructor(endpoint: Endpoint, tell: (message: FromLane) => void) {
    this.#endpoint = endpoint;
    this.#tell = tell;
    this.failed = endpoint.failed;
    const identify = (certificate: Uint8Array, inbound: boolean): Promise<PeerId | null> =>
      this.#identities.ask((question) => tell({ type: "identify", question, certificate, inbound }));
    const logger = createLogger({
      level: "debug",
      sink: ({ level, message, fields }) => tell({ type: "log", level, message, fields: cloneable(fields) }),
    });
    this.#server = new LaneServer({
      identify: (certificate) => identify(certificate, true),
      askView: (gameId, holds) =>
        this.#views.ask((question) => tell({ type: "ask-view", question, gameId, holds })),
      onOutbound: (counts) => tell({ type: "outbound", counts }),
      onSent: (sent) => tell({ type: "sent", sent }),
      onStale: (gameId) => tell({ type: "stale", gameId }),
      logger,
    });
    this.#fetcher = new LaneFetcher({
      endpoint,
      identify: (certificate) => identify(certificate, false),
      pace: this.#flushPace,
      tell,
    });
    endpoint.onConnection((connection) => void this.#server.accept(connection));
  }

  hear(message: ToOpenLane): void {
    switch (message.type) {
      case "fetch":
        this.#fetcher.fetch(message.order);
        break;
      case "cancel":
        this.#fetcher.cancel(message.id);
        break;
      case "close":
        void this.#closeFiles(message.download);
        break;
      case "flush":
        void this.#flush(message);
        break;
      case "make":
        void this.#make(message);
        break;
      case "look":
        void this.#look(message);
        break;
      case "remove":
        void this.#remove(message);
        break;
      case "identity":
        this.#identities.answer(message.question, message.peerId);
        break;
      case "view":
        if (message.view !== null) this.#server.know(message.gameId, message.view);
        this.#views.answer(message.question, message.view);
        break;
      case "drop":
        this.#server.drop(message.peerId);
        this.#fetcher.drop(message.peerId);
        break;
      case "revoke":
        void this.#revoke(message.gameId, message.id);
        break;
    }
  }

  async close(): Promise<void> {
    await Promise.all([this.#server.close(), this.#fetcher.close()]);
    await this.#endpoint.close();
  }

  async #closeFiles(download: number): Promise<void> {
    await this.#fetcher.closeFiles(download);
    this.#tell({ type: "closed", download });
  }

  async #flush({ question, root, paths }: Extract<ToLane, { type: "flush" }>): Promise<void> {
    let failure: UnitFailure | null = null;
    try {
      await flushFiles(root, paths, directAccess, this.#flushPace);
    } catch (error) {
      failure = tellFailure(error);
    }
    this.#tell({ type: "flushed", question, failure });
  }

  async #make({ question, root, files }: Extract<ToLane, { type: "make" }>): Promise<void> {
    const { error, ...made } = await makeFiles(directAccess, root, files);
    const failure = error === null ? null : tellFailure(error);
    this.#tell({ type: "made", question, made: { ...made, failure } });
  }

  async #look({ question, root, files }: Extract<ToLane, { type: "look" }>): Promise<void> {
    const found: FoundFile[] = [];
    let failure: UnitFailure | null = null;
    try {
      for (const file of files) found.push(await findFile(directAccess, root, file));
    } catch (error) {
      failure = tellFailure(error);
    }
    this.#tell({ type: "found", question, found: { files: found, failure } });
  }

  async #remove({ question, root, files }: Extract<ToLane, { type: "remove" }>): Promise<void> {
    const { error, ...removed } = await removeFiles(directAccess, root, files, REMOVED_BY_LANE_BYTES);
    const failure = error === null ? null : tellFailure(error);
    this.#tell({ type: "removed", question, removed: { ...removed, failure } });
  }

  async #revoke(gameId: GameId | null, id: number): Promise<void> {
    await this.#server.revoke(gameId);
    this.#tell({ type: "revoked", id });
  }
}

/** Fields of a log entry that can go to another thread: errors by what they say. */
function cloneable(fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [
      name,
      value instanceof Error ? `${value.name}: ${value.message}` : value,
    ]),
  );
}
