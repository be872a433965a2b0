import { hostname } from "node:os";
import { resolve } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import {
  ALPN,
  formatListenAddress,
  type ListenAddress,
  MAX_CONNECTIONS_PER_ADDRESS,
  MAX_NAME_LENGTH,
  MAX_STREAMS_PER_CONNECTION,
  nameSchema,
} from "@lanspread/proto";
import { createEndpoint, type Endpoint, QuicUnavailableError } from "@lanspread/quic";
import { openCatalog } from "../catalog/index.ts";
import { openControl } from "../control/index.ts";
import { errnoOf, fromNodeError, PeerError, toPeerError } from "../errors/index.ts";
import { type Identity, loadPartyCa, openIdentity } from "../identity/index.ts";
import { createUnrarJsUnpacker } from "../install/index.ts";
import { LanePool } from "../lanes/index.ts";
import { createLibrary } from "../library/index.ts";
import { silentLogger } from "../logger.ts";
import { createPeerMesh, mdnsDiscovery, systemClock } from "../peers/index.ts";
import { createRequestServer, createServeViews } from "../serve/index.ts";
import { createSlots } from "../serve/slots.ts";
import { openStateDir } from "../storage/index.ts";
import { createOutboundTransfers } from "../transfer/index.ts";
import { FIRST_SCAN_GRACE_MS, RESTART_DELAY_MS, STOP_DEADLINE_MS, STREAMS_AT_ONCE } from "./constants.ts";
import { listGames, type RuntimeContext } from "./context.ts";
import { EventBus } from "./event-bus.ts";
import { identify, laneCount, pushedView, tlsOf, withLanes } from "./lanes.ts";
import { libraryMonitor } from "./library-monitor.ts";
import { parseListenOption, requireInterfaces, shownAddress } from "./listen-address.ts";
import { LocalPeer } from "./local-peer.ts";
import { OperationTable } from "./operations.ts";
import { OutboundProgress } from "./outbound-progress.ts";
import { recoverNewcomer } from "./recover.ts";
import { requireSeparate } from "./separate-directories.ts";
import { pause, supervise } from "./supervisor.ts";
import { TransferActivity } from "./transfer-activity.ts";
import type { Peer, PeerOptions } from "./types.ts";

const DEFAULT_PARTY = "lan";
const DEFAULT_LISTEN = "0.0.0.0:0";

/**
 * Starts a peer. Resolves when it listens; it looks at its games and for others from then on, and who attaches to its
 * events in the same turn misses none of them. With a games directory that cannot be used it starts all the same: its snapshot
 * says why, and it takes the directory when that can be used.
 *
 * @throws PeerError `state-locked`, `no-permission`, `port-taken`, `no-network-interface`, `catalog-invalid`,
 *   `party-ca-invalid`, `disk-full`, `path-too-long`, `bad-request`; nothing is left running then.
 */
export async function startPeer(options: PeerOptions): Promise<Peer> {
  // What is opened is closed in reverse, both when the start fails and when the peer stops.
  const opened = new AsyncDisposableStack();
  if (options.claim !== undefined) opened.use(options.claim);
  try {
    return await start(options, opened);
  } catch (error) {
    await opened.disposeAsync();
    throw toPeerError(error);
  }
}

async function start(options: PeerOptions, opened: AsyncDisposableStack): Promise<Peer> {
  const { logger = silentLogger, clock = systemClock, interfaces, party = DEFAULT_PARTY } = options;
  const stopping = new AbortController();
  const { signal } = stopping;
  options.signal?.throwIfAborted();
  const name = checkedName("name", options.name ?? hostname().slice(0, MAX_NAME_LENGTH));
  checkedName("party", party);
  const listen = parseListenOption(options.listen ?? DEFAULT_LISTEN);
  requireInterfaces(interfaces ?? []);
  const gamesDir = resolve(options.gamesDir);
  const catalog = await openCatalog(options.catalog, { signal });
  const partyCa = await loadPartyCa(options.partyCa);
  await requireSeparate(gamesDir, resolve(options.stateDir));
  const stateDir = await openStateDir(options.stateDir);
  const control =
    options.claim ?? opened.use(await openControl({ stateDir, name, logger: logger.child("control") }));
  const identity = await openIdentity({ stateDir, partyCa, logger: logger.child("identity"), signal });

  const bus = new EventBus(logger);
  const operations = new OperationTable();
  const isBusy = operations.isBusy.bind(operations);
  const recover = (dir: string) => recoverNewcomer({ stateDir, operations, outbound, logger, signal }, dir);
  const library = createLibrary({ gamesDir, stateDir, catalog, isBusy, recover, logger, signal });
  const viewOf = createServeViews({ library, catalog, isBusy });
  opened.defer(() => library.close());
  const activity = new TransferActivity((active) => library.setHashingPaused(active));
  const outboundProgress = new OutboundProgress({
    clock,
    onRates: (transfers) => bus.emit({ type: "outbound-progress", transfers }),
  });
  opened.use(outboundProgress);
  const ownOutbound = activity.count(
    createOutboundTransfers({
      onSent: (peerId, gameId, bytes) => outboundProgress.sent({ peerId, gameId, bytes }),
    }),
  );
  const endpoint = opened.use(await bindEndpoint(listen, identity, options.socket));
  const listener = { host: listen.host, port: endpoint.address.port };
  const mesh = createPeerMesh({
    identity,
    endpoint,
    name,
    party,
    listen: listener,
    lanes: () => lanes.ports(),
    onProcessGone: (peerId) => lanes.drop(peerId),
    library,
    catalog,
    discovery: options.discovery === undefined ? mdnsDiscovery() : options.discovery,
    ...(interfaces === undefined ? {} : { interfaces }),
    clock,
    logger: logger.child("mesh"),
    signal,
  });
  const lanes: LanePool = opened.use(
    await LanePool.open({
      count: laneCount(options),
      host: listen.host,
      tls: tlsOf(identity),
      identify: (certificate, inbound) => identify(mesh, certificate, inbound),
      viewOf: (gameId) => pushedView(viewOf(gameId), library.state().gamesDir),
      lanesOf: (peerId) => mesh.lanesOf(peerId),
      onSending: activity.source(),
      onSent: (sent) => {
        for (const each of sent) outboundProgress.sent(each);
      },
      onStale: (gameId) => {
        library.rescan(gameId, { walk: true }).catch((error: unknown) => {
          logger.warn("a game could not be looked at again", { gameId, error });
        });
      },
      logger: logger.child("lanes"),
    }),
  );
  const outbound = withLanes(ownOutbound, lanes);
  opened.defer(() => mesh.stop());
  const unpacker = options.unpacker ?? createUnrarJsUnpacker();
  const server = createRequestServer({
    library,
    catalog,
    outbound,
    isBusy,
    gamesDir: () => library.state().gamesDir,
    control: mesh.handlers,
    unpacker,
    logger: logger.child("serve"),
  });
  const firstScan = Promise.withResolvers<void>();
  signal.addEventListener("abort", () => firstScan.resolve(), { once: true });
  const context: RuntimeContext = {
    catalog,
    stateDir,
    library,
    mesh,
    operations,
    outbound,
    outboundProgress,
    lanes,
    activity,
    unpacker,
    streamPlaces: createSlots({ perKey: STREAMS_AT_ONCE, all: STREAMS_AT_ONCE }),
    bus,
    logger,
    running: new Set(),
    scanned: firstScan.promise,
    signal,
  };
  await library.settle();
  const services: Promise<void>[] = [];
  const addr = formatListenAddress(shownAddress(listener, interfaces));
  const peer = new LocalPeer({
    context,
    peerId: identity.peerId,
    name,
    party,
    addr,
    shutDown: () => shutDown(context, stopping, services, opened),
  });
  library.onChange(({ snapshotChanged, localChanged }) => {
    lanes.check();
    if (snapshotChanged) mesh.libraryChanged();
    if (!localChanged) return;
    const { problem, warnings } = library.state();
    bus.emit({
      type: "local-library-changed",
      libraryRev: library.snapshot().library_rev,
      games: library.localGames(),
      warnings: [...(problem === null ? [] : [problem.message]), ...warnings],
    });
  });
  mesh.onEvent((event) => {
    if (event.type !== "remote-games-changed") bus.emit(event);
    else bus.emit({ type: "list-games", games: listGames(context) });
  });
  options.signal?.addEventListener("abort", () => void peer.stop(), { once: true, signal });
  void endpoint.failed.then((error) => peer.fail(error));
  control.serve(peer);

  // In a later turn, when the host has attached to the events.
  setImmediate(() => {
    if (signal.aborted) return;
    bus.emit({ type: "local-peer-ready", peerId: peer.peerId, addr, lanes: lanes.ports() });
    const scanned = library.start();
    scanned.then(firstScan.resolve, firstScan.resolve);
    services.push(
      supervise(libraryMonitor(library, { begun: scanned, clock, logger }), {
        signal,
        logger,
        clock,
        restartDelayMs: RESTART_DELAY_MS,
      }),
      Promise.race([scanned.catch(() => {}), pause(FIRST_SCAN_GRACE_MS, { clock, signal })])
        .then(() =>
          signal.aborted
            ? undefined
            : mesh.start({ serveStream: (stream, from) => server.serveStream(stream, from) }),
        )
        .catch((error: unknown) => peer.fail(error)),
    );
  });
  return peer;
}

/** Ends the operations where they can go on later, then everything that was opened, the last one first. */
async function shutDown(
  context: RuntimeContext,
  stopping: AbortController,
  services: readonly Promise<void>[],
  opened: AsyncDisposableStack,
): Promise<void> {
  const reason = new PeerError("shutting-down", "The peer is stopping.");
  const end = async (): Promise<void> => {
    context.operations.abortAll(reason);
    await Promise.all(context.running);
    stopping.abort(reason);
    await context.outbound.cancelAll();
    await Promise.all(services);
    await opened.disposeAsync();
  };
  const late = new AbortController();
  const deadline = delay(STOP_DEADLINE_MS, "late" as const, { signal: late.signal }).catch(() => undefined);
  const how = await Promise.race([end(), deadline]);
  late.abort();
  if (how !== "late") return;
  stopping.abort(reason);
  context.logger.warn("not everything had ended when the peer stopped", { afterMs: STOP_DEADLINE_MS });
}

async function bindEndpoint(
  listen: ListenAddress,
  identity: Identity,
  socket: PeerOptions["socket"],
): Promise<Endpoint> {
  try {
    return await createEndpoint({
      ...listen,
      tls: tlsOf(identity),
      alpn: ALPN,
      limits: {
        maxStreamsPerConnection: MAX_STREAMS_PER_CONNECTION,
        maxConnectionsPerAddress: MAX_CONNECTIONS_PER_ADDRESS,
      },
      ...(socket === undefined ? {} : { socket }),
    });
  } catch (error) {
    if (error instanceof QuicUnavailableError) {
      throw new PeerError("platform-unsupported", error.message, { cause: error });
    }
    if (errnoOf(error) !== "EADDRNOTAVAIL") throw fromNodeError(error, formatListenAddress(listen));
    throw new PeerError("no-network-interface", `This computer has no address ${listen.host} to listen on.`, {
      cause: error,
    });
  }
}

/** @throws PeerError `bad-request` */
function checkedName(what: string, text: string): string {
  const parsed = nameSchema.safeParse(text);
  if (parsed.success) return parsed.data;
  throw new PeerError("bad-request", `The ${what} ${JSON.stringify(text)} cannot be shown to others.`, {
    hint: `Use 1 to ${MAX_NAME_LENGTH} visible characters.`,
  });
}
