import {
  ALPN,
  asGameId,
  formatListenAddress,
  type GameSummary,
  gameSummarySchema,
  type LibrarySnapshot,
  type PeerId,
} from "@lanspread/proto";
import { createEndpoint, type Endpoint } from "@lanspread/quic";
import { temporaryDirectory } from "@lanspread/testkit";
import { type Catalog, openCatalogForAll } from "../../src/catalog/index.ts";
import { createPartyCa, type Identity, openIdentity, type PartyCa } from "../../src/identity/index.ts";
import { createUnrarJsUnpacker } from "../../src/install/index.ts";
import { createLogger, type LogEntry } from "../../src/logger.ts";
import type { Clock } from "../../src/peers/clock.ts";
import {
  createPeerMesh,
  type DiscoveryFactory,
  type MeshEvent,
  type PeerMesh,
} from "../../src/peers/index.ts";
import type { LivenessLimits } from "../../src/peers/liveness.ts";
import { createRequestServer } from "../../src/serve/index.ts";
import { openStateDir } from "../../src/storage/index.ts";
import { createOutboundTransfers } from "../../src/transfer/index.ts";

const HASH = "ab".repeat(32);

/** A game as a peer announces it. */
export function game(id: string, changes: Partial<Record<keyof GameSummary, unknown>> = {}): GameSummary {
  return gameSummarySchema.parse({
    id: asGameId(id),
    name: `Game ${id}`,
    version: "20200101",
    size: 1_000,
    downloaded: true,
    installed: false,
    manifest_hash: HASH,
    content_id: null,
    availability: "ready",
    ...changes,
  });
}

export function library(libraryRev: number, ...games: readonly GameSummary[]): LibrarySnapshot {
  return { library_rev: libraryRev, games: [...games] };
}

/** One CA for all tests of a file: making keys takes a while. */
const ca = createPartyCa({ name: "test" });

export async function makeIdentity(partyCa?: PartyCa): Promise<Identity> {
  await using dir = await temporaryDirectory();
  return await openIdentity({
    stateDir: await openStateDir(dir.join("state")),
    partyCa: partyCa ?? (await ca),
  });
}

/** Identities in the order of their ids: the first one is the one that dials. */
export async function makeIdentities(count: number): Promise<readonly Identity[]> {
  const made = await Promise.all(Array.from({ length: count }, () => makeIdentity()));
  return made.sort((a, b) => (a.peerId < b.peerId ? -1 : 1));
}

export interface TestPeerOptions {
  readonly identity?: Identity;
  readonly name?: string;
  readonly party?: string;
  readonly library?: LibrarySnapshot;
  readonly catalog?: Catalog;
  readonly discovery?: DiscoveryFactory | null;
  readonly interfaces?: readonly string[];
  readonly clock?: Clock;
  readonly liveness?: LivenessLimits;
  readonly host?: string;
  readonly port?: number;
  readonly alpn?: string;
  /** Default: a hello is answered at once. */
  readonly start?: boolean;
}

/** A mesh over a real endpoint on 127.0.0.1, with what its peers can ask of it. */
export interface TestPeer extends AsyncDisposable {
  readonly peerId: PeerId;
  readonly identity: Identity;
  readonly addr: string;
  readonly port: number;
  readonly endpoint: Endpoint;
  readonly mesh: PeerMesh;
  readonly events: MeshEvent[];
  readonly log: LogEntry[];
  /** Requests that came, by type and sender. */
  readonly served: { readonly type: string; readonly from: PeerId }[];
  /** Begins to answer, where `start` was false. */
  start(): Promise<void>;
  /** Another library from now on, as after a change on disk. */
  publish(snapshot: LibrarySnapshot): void;
  /** Ends it without a word, as a crash does: nothing is said on the network. */
  crash(): Promise<void>;
}

export async function startTestPeer(options: TestPeerOptions = {}): Promise<TestPeer> {
  const identity = options.identity ?? (await makeIdentity());
  const host = options.host ?? "127.0.0.1";
  const endpoint = await createEndpoint({
    host,
    port: options.port ?? 0,
    tls: { key: identity.keyPem, cert: identity.certPem, ca: identity.caPem },
    alpn: options.alpn ?? ALPN,
  });
  const { port } = endpoint.address;
  let current = options.library ?? library(1);
  const ended = new AbortController();
  const log: LogEntry[] = [];
  const events: MeshEvent[] = [];
  const served: { type: string; from: PeerId }[] = [];
  const catalog = options.catalog ?? openCatalogForAll;
  const logger = createLogger({ level: "debug", sink: (entry) => log.push(entry) });
  const own = { snapshot: () => current };
  const mesh = createPeerMesh({
    identity,
    endpoint,
    name: options.name ?? "test",
    party: options.party ?? "test",
    listen: { host, port },
    library: own,
    catalog,
    discovery: options.discovery ?? null,
    ...(options.interfaces === undefined ? {} : { interfaces: options.interfaces }),
    ...(options.clock === undefined ? {} : { clock: options.clock }),
    ...(options.liveness === undefined ? {} : { liveness: options.liveness }),
    logger,
    signal: ended.signal,
  });
  mesh.onEvent((event) => events.push(event));
  const { handlers } = mesh;
  const server = createRequestServer({
    library: {
      ...own,
      manifestOf: () => undefined,
      pieceDigests: () => null,
      rescan: async () => false,
    },
    catalog,
    outbound: createOutboundTransfers(),
    isBusy: () => false,
    gamesDir: () => "/nowhere",
    unpacker: createUnrarJsUnpacker(),
    control: {
      isGreeted: handlers.isGreeted,
      hello: (request, context) => {
        served.push({ type: "hello", from: context.peerId });
        return handlers.hello(request, context);
      },
      libraryDelta: handlers.libraryDelta,
      ping: (request, context) => {
        served.push({ type: "ping", from: context.peerId });
        return handlers.ping(request, context);
      },
      goodbye: (request, context) => {
        served.push({ type: "goodbye", from: context.peerId });
        return handlers.goodbye(request, context);
      },
    },
    logger,
  });
  const start = (): Promise<void> => mesh.start({ serveStream: server.serveStream.bind(server) });
  if (options.start !== false) await start();
  let crashed = false;
  return {
    peerId: identity.peerId,
    identity,
    addr: formatListenAddress({ host: host === "0.0.0.0" ? "127.0.0.1" : host, port }),
    port,
    endpoint,
    mesh,
    events,
    log,
    served,
    start,
    publish: (snapshot) => {
      current = snapshot;
      mesh.libraryChanged();
    },
    crash: async () => {
      crashed = true;
      ended.abort();
      await endpoint.close();
    },
    [Symbol.asyncDispose]: async () => {
      if (!crashed) {
        await mesh.stop();
        ended.abort();
      }
      await endpoint.close();
    },
  };
}

/** Types of the events so far. */
export function types(events: readonly MeshEvent[]): readonly string[] {
  return events.map((event) => event.type);
}
