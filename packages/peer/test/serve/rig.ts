import { createHash } from "node:crypto";
import {
  type Answer,
  asPeerId,
  encodeFrame,
  type GetGameFileChunk,
  type LibraryDelta,
  type Manifest,
  type PeerId,
  type Request,
} from "@lanspread/proto";
import { openCatalog } from "../../src/catalog/index.ts";
import { createUnrarJsUnpacker, type Unpacker } from "../../src/install/index.ts";
import { createLogger, type LogEntry } from "../../src/logger.ts";
import type { RequestContext } from "../../src/peers/types.ts";
import { type ControlHandlers, createRequestServer, type RequestServer } from "../../src/serve/index.ts";
import {
  createOutboundTransfers,
  createStreamChannel,
  type OutboundTransfers,
  type OutboundTransfersOptions,
  type RequestChannel,
} from "../../src/transfer/index.ts";
import {
  createRig as createLibraryRig,
  type Files,
  GGOO,
  type Rig,
  type RigOptions,
} from "../library/support.ts";
import { type StreamPair, streamPair } from "./stream-pair.ts";

export { GGOO } from "../library/support.ts";

export const ASKER: PeerId = asPeerId("0f0e0d0c-0b0a-8908-8706-050403020100");
export const OTHER: PeerId = asPeerId("ffffffff-ffff-8fff-bfff-ffffffffffff");

/** A server over a real library on a real disk. */
export interface ServeRig extends AsyncDisposable {
  readonly library: Rig;
  readonly server: RequestServer;
  readonly outbound: OutboundTransfers;
  readonly log: LogEntry[];
  /** Control requests that reached the peers layer. */
  readonly handled: Request[];
  readonly context: RequestContext;
  /** Called whenever the gate is asked. */
  onGate: () => void;
  /** How often the server went to the disk. */
  diskLooks: number;
  /** Where the server takes the games to be. */
  gamesDir: string;
  /** The server's clock, ms. */
  clock: number;
  greeted: boolean;
  /** Opens a stream that the server answers; `served` ends when it has let go of it. */
  open(options?: { readonly windowBytes?: number; readonly context?: Partial<RequestContext> }): Opened;
  /** A channel whose every stream the server answers. */
  readonly channel: RequestChannel;
  ask(request: Request): Promise<Answer>;
  /** Opens a stream, sends a request on it, and reads nothing. */
  send(request: Request, options?: Parameters<ServeRig["open"]>[0]): Promise<Opened>;
  manifest(): Manifest;
  /** A request for a part of a file of the current manifest. */
  chunk(path: string, offset: number, length: number): GetGameFileChunk;
}

export interface Opened extends StreamPair {
  readonly served: Promise<void>;
}

export interface ServeRigOptions extends RigOptions {
  readonly noProgressMs?: number;
  readonly transfers?: OutboundTransfersOptions;
  readonly control?: Partial<ControlHandlers>;
  readonly unpacker?: Unpacker;
}

/** Bytes that differ at every place, by seed. */
export function content(length: number, seed: string): Buffer {
  const bytes = Buffer.alloc(length);
  for (let offset = 0; offset < length; offset += 32) {
    createHash("sha256").update(`${seed}:${offset}`).digest().copy(bytes, offset);
  }
  return bytes;
}

export async function createServeRig(
  files: Files = { "version.ini": "2018.04.12", "a.eti": content(3_000_000, "a") },
  options: ServeRigOptions = {},
): Promise<ServeRig> {
  const library = await createLibraryRig({ [GGOO]: files }, options);
  await library.library.start();
  await library.library.hashed();
  const outbound = createOutboundTransfers(options.transfers);
  const log: LogEntry[] = [];
  const handled: Request[] = [];
  const handle = async (request: Request): Promise<Answer> => {
    handled.push(request);
    return request.type === "ping" ? { type: "pong" } : { type: "ok" };
  };
  const over = new AbortController();
  const context: RequestContext = {
    peerId: ASKER,
    remote: { host: "127.0.0.1", port: 9 },
    connectionId: "c1",
    signal: over.signal,
  };
  const rig: ServeRig = {
    library,
    outbound,
    log,
    handled,
    context,
    onGate: () => {},
    diskLooks: 0,
    gamesDir: library.gamesDir,
    clock: 0,
    greeted: true,
    server: createRequestServer({
      library: library.library,
      catalog: options.catalog ?? (await openCatalog(undefined)),
      outbound,
      isBusy: (id) => {
        rig.onGate();
        return library.busy.has(id);
      },
      gamesDir: () => {
        rig.diskLooks += 1;
        return rig.gamesDir;
      },
      control: {
        isGreeted: () => rig.greeted,
        hello: handle,
        libraryDelta: (request: LibraryDelta) => handle(request),
        ping: handle,
        goodbye: handle,
        ...options.control,
      },
      unpacker: options.unpacker ?? createUnrarJsUnpacker(),
      logger: createLogger({ level: "debug", sink: (entry) => log.push(entry) }),
      now: () => rig.clock,
      ...(options.noProgressMs === undefined ? {} : { noProgressMs: options.noProgressMs }),
    }),
    open: (how = {}) => {
      const pair = streamPair(how);
      const served = rig.server.serveStream(pair.answering, { ...context, ...how.context });
      return { ...pair, served };
    },
    channel: createStreamChannel(async () => rig.open().asking),
    ask: (request) => rig.channel.request(request),
    send: async (request, how) => {
      const opened = rig.open(how);
      await opened.asking.write(encodeFrame(request));
      opened.asking.finish();
      return opened;
    },
    manifest: () => {
      const game = library.library.manifestOf(GGOO);
      if (game === undefined) throw new Error("the game is not served");
      return game.manifest;
    },
    chunk: (path, offset, length) => ({
      type: "get_game_file_chunk",
      game_id: GGOO,
      manifest_hash: rig.manifest().manifest_hash,
      path,
      offset,
      length,
    }),
    [Symbol.asyncDispose]: async () => {
      over.abort();
      await library[Symbol.asyncDispose]();
    },
  };
  return rig;
}
