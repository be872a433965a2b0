import {
  formatListenAddress,
  type GameId,
  type GameVersion,
  type IncompatiblePeer,
  type LibrarySnapshot,
  type ListedPeer,
  type ListenAddress,
  type PeerId,
  PROTOCOL_VERSION,
  parseListenAddress,
  RESET,
} from "@lanspread/proto";
import type { Connection, Endpoint } from "@lanspread/quic";
import type { Catalog } from "../catalog/index.ts";
import { PeerError } from "../errors/index.ts";
import type { Identity } from "../identity/index.ts";
import type { Library } from "../library/index.ts";
import type { Logger } from "../logger.ts";
import type { ControlHandlers } from "../serve/index.ts";
import { canReach, isOwnListener, ownAddresses } from "./addresses.ts";
import { CatchUp } from "./catch-up.ts";
import { type Clock, systemClock } from "./clock.ts";
import { connectError } from "./connect-errors.ts";
import { Connections, type Link } from "./connections.ts";
import { DIAL_TIMEOUT_MS, DISCOVERY_STOP_MS, LIVENESS_LIMITS, MAX_PEERS } from "./constants.ts";
import { createControlHandlers } from "./control-handlers.ts";
import { DeltaPush } from "./delta-push.ts";
import { Dialer } from "./dialer.ts";
import type { Discovery, DiscoveryFactory, DiscoveryOptions } from "./discovery.ts";
import type { Introduced, Self } from "./handshake.ts";
import { Incompatibles } from "./incompatibles.ts";
import { Joiner } from "./joiner.ts";
import { keepDiscovering } from "./keep-discovering.ts";
import { lanePorts } from "./lane-features.ts";
import type { LivenessLimits } from "./liveness.ts";
import type { PeerContact } from "./peer-table.ts";
import { askForLibrary, ping, sayGoodbye, tellDelta } from "./requests.ts";
import { Roster } from "./roster.ts";
import { Sightings } from "./sightings.ts";
import type { Candidate, MeshEvent, PeerMesh, RemoteGame } from "./types.ts";
import { within } from "./within.ts";

export interface PeerMeshOptions {
  readonly identity: Identity;
  /** Made and closed by the caller; the mesh takes its inbound connections, which wait until `start`. */
  readonly endpoint: Endpoint;
  readonly name: string;
  readonly party: string;
  /** The listener's real address: its port is bound. */
  readonly listen: ListenAddress;
  /** UDP ports of the lanes that listen at the moment. Default: none. */
  readonly lanes?: () => readonly number[];
  /** A peer's process is gone, or another one is in its place. */
  readonly onProcessGone?: (peerId: PeerId) => void;
  readonly library: Pick<Library, "snapshot">;
  readonly catalog: Catalog;
  /** Null: nobody is found or told, `connect` only. */
  readonly discovery: DiscoveryFactory | null;
  /** Own addresses of the only networks to use. */
  readonly interfaces?: readonly string[];
  readonly clock?: Clock;
  /** When a silent peer is gone. Default: after two missed pings or 45 s. */
  readonly liveness?: LivenessLimits;
  readonly logger: Logger;
  /** Ends dials and timers. {@link PeerMesh.stop} is still to be called. */
  readonly signal: AbortSignal;
}

/** Creates the mesh; nothing is sent or answered before {@link PeerMesh.start}. */
export function createPeerMesh(options: PeerMeshOptions): PeerMesh & { readonly handlers: ControlHandlers } {
  return new Mesh(options);
}

class Mesh implements PeerMesh {
  readonly handlers: ControlHandlers;
  readonly #options: PeerMeshOptions;
  readonly #self: Self;
  readonly #logger: Logger;
  readonly #stopped = new AbortController();
  /** Aborted by the caller or by {@link stop}. */
  readonly #signal: AbortSignal;
  readonly #listeners = new Set<(event: MeshEvent) => void>();
  readonly #roster: Roster;
  readonly #connections: Connections;
  readonly #joiner: Joiner;
  readonly #dialer: Dialer;
  readonly #catchUp: CatchUp;
  readonly #deltaPush: DeltaPush;
  readonly #sightings: Sightings;
  readonly #incompatibles = new Incompatibles({
    onNews: ({ peerId, addr, reason }) => {
      this.#logger.info("a peer cannot join", { peerId, addr, reason });
      this.#emit({ type: "peer-incompatible", peerId, addr, reason });
    },
    onGone: (peerId) => this.#emit({ type: "peer-incompatible-gone", peerId }),
  });
  /** What comes before the start, on a connection that was dialled from here, waits for it. */
  readonly #serving = Promise.withResolvers<Parameters<PeerMesh["start"]>[0]["serveStream"]>();
  #discovery: Discovery | null = null;
  /** Connections that came before the start; null from then on. */
  #early: Connection[] | null = [];
  #stopping: Promise<void> | null = null;

  constructor(options: PeerMeshOptions) {
    const { identity, name, party, listen, library, catalog, clock = systemClock } = options;
    const { lanes = () => [] } = options;
    this.#options = options;
    this.#self = { peerId: identity.peerId, name, party, listen, lanes, library: () => library.snapshot() };
    this.#logger = options.logger.child("peers");
    this.#signal = AbortSignal.any([options.signal, this.#stopped.signal]);
    this.#roster = new Roster(catalog, (event) => this.#emit(event));
    this.#connections = new Connections({
      clock,
      logger: this.#logger,
      serveStream: async (stream, context) => {
        const serveStream = await this.#serving.promise;
        await serveStream(stream, context);
      },
      ping: (link, signal) => this.#ping(link, signal),
      ...(options.liveness === undefined ? {} : { liveness: options.liveness }),
      onHeard: (peerId) => this.#roster.table.heard(peerId, clock.now()),
      onGone: (peerId, reason) => this.#gone(peerId, reason),
    });
    this.#joiner = new Joiner({
      endpoint: options.endpoint,
      self: this.#self,
      connections: this.#connections,
      clock,
      admit: (introduced, connectionId, told) => this.#admit(introduced, connectionId, told),
    });
    this.#dialer = new Dialer({
      ownId: identity.peerId,
      clock,
      signal: this.#signal,
      random: Math.random,
      isConnected: (peerId) => this.#connections.isGreeted(peerId),
      dial: (seen, signal) => this.#sightings.dial(seen, signal),
    });
    this.#catchUp = new CatchUp({
      clock,
      held: (peerId) => this.#roster.table.revisionOf(peerId),
      ask: async (peerId) => {
        const asked = this.#roster.table.asking(peerId);
        const channel = this.#connections.channelTo(peerId);
        const library = await askForLibrary({ channel, clock, signal: this.#signal });
        if (asked !== undefined) this.#roster.applySnapshot(asked, library);
      },
    });
    this.#deltaPush = new DeltaPush({
      ownId: identity.peerId,
      library: this.#self.library,
      clock,
      send: (peerId, delta) =>
        tellDelta(delta, { channel: this.#connections.channelTo(peerId), clock, signal: this.#signal }),
      logger: this.#logger,
    });
    this.#sightings = new Sightings({
      self: this.#self,
      dialer: this.#dialer,
      joiner: this.#joiner,
      roster: this.#roster,
      catchUp: this.#catchUp,
      incompatibles: this.#incompatibles,
      isFull: (peerId) => this.#isFull(peerId),
      logger: this.#logger,
    });
    this.handlers = createControlHandlers({
      self: this.#self,
      roster: this.#roster,
      isGreeted: (peerId) => this.#connections.isGreeted(peerId),
      admit: (introduced, { connectionId }) => this.#admit(introduced, connectionId, this.#self.library()),
      onRefused: ({ error, message }, { peerId, remote }) => {
        if (error === "self-connect") return;
        const said = { code: error, reason: message, detail: message };
        this.#incompatibles.note({ peerId, addr: formatListenAddress(remote), ...said });
      },
      onGap: (peerId) => this.#catchUp.doubt(peerId),
      onGoodbye: (peerId) => this.#connections.dismiss(peerId, "goodbye"),
    });
    options.endpoint.onConnection((connection) => {
      if (this.#early === null) this.#accept(connection);
      else this.#early.push(connection);
    });
  }

  async start({ serveStream }: Parameters<PeerMesh["start"]>[0]): Promise<void> {
    this.#signal.throwIfAborted();
    const { discovery, interfaces, listen } = this.#options;
    this.#serving.resolve(serveStream);
    const early = this.#early ?? [];
    this.#early = null;
    for (const connection of early) this.#accept(connection);
    if (discovery === null) return;
    const { peerId, name, party, library } = this.#self;
    const announced = {
      peer_id: peerId,
      proto_ver: PROTOCOL_VERSION,
      library_rev: library().library_rev,
      party,
      name,
    };
    const wanted: DiscoveryOptions = {
      self: announced,
      listen,
      ...(interfaces === undefined ? {} : { interfaces }),
      logger: this.#logger.child("discovery"),
      onSeen: (seen) => {
        if (!this.#signal.aborted) this.#sightings.seen(seen);
      },
      onGone: (gone) => this.#sightings.gone(gone),
    };
    this.#discovery = keepDiscovering(discovery, wanted, this.#options.clock ?? systemClock);
  }

  peers(): readonly ListedPeer[] {
    return this.#roster.table.list();
  }

  incompatible(): readonly IncompatiblePeer[] {
    return this.#incompatibles.list();
  }

  contact(peerId: PeerId): PeerContact | undefined {
    return this.#roster.table.contactOf(peerId);
  }

  lanesOf(peerId: PeerId): readonly ListenAddress[] {
    return this.#roster.table.lanesOf(peerId);
  }

  candidates(gameId: GameId, version?: GameVersion): readonly Candidate[] {
    return this.#roster.view.servers(gameId, version).map(({ peerId, summary }) => ({
      peerId,
      summary,
      channel: this.#connections.channelTo(peerId),
    }));
  }

  games(): readonly RemoteGame[] {
    return this.#roster.view.games();
  }

  async connect(addr: string, options: { readonly signal?: AbortSignal } = {}): Promise<PeerId> {
    const { listen } = this.#options;
    const target = parseListenAddress(addr);
    if (target === null) {
      throw new PeerError("bad-request", `${addr} is not an address with a port, such as 192.168.1.7:4000`);
    }
    if (isOwnListener(target, listen, ownAddresses())) {
      throw new PeerError("self-connect", `${addr} is the address of this peer itself`);
    }
    if (!canReach(listen.host, target.host)) {
      throw new PeerError("connect-failed", `${addr} cannot be reached from ${listen.host}`, {
        retryable: false,
      });
    }
    const { signal } = options;
    const either = signal === undefined ? this.#signal : AbortSignal.any([this.#signal, signal]);
    try {
      either.throwIfAborted();
      return (await this.#known(target, either)) ?? (await this.#joiner.join([target], null, either));
    } catch (error) {
      if (this.#signal.aborted) throw new PeerError("shutting-down", `${addr}: this peer is stopping`);
      throw connectError(error, addr);
    }
  }

  libraryChanged(): void {
    if (this.#stopping !== null) return;
    this.#discovery?.update(this.#self.library().library_rev);
    this.#deltaPush.changed();
  }

  problem(): PeerError | null {
    return this.#discovery?.problem() ?? null;
  }

  onEvent(handler: (event: MeshEvent) => void): () => void {
    this.#listeners.add(handler);
    return () => this.#listeners.delete(handler);
  }

  stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  async #stop(): Promise<void> {
    this.#stopped.abort();
    this.#listeners.clear();
    this.#catchUp.stop();
    this.#deltaPush.stop();
    const farewells = this.peers().map(({ peerId }) =>
      sayGoodbye(this.#connections.channelTo(peerId), this.#self.peerId),
    );
    const silenced = this.#discovery?.stop({ signal: AbortSignal.timeout(DISCOVERY_STOP_MS) });
    await Promise.allSettled([...farewells, silenced]);
    this.#connections.closeAll(RESET.shuttingDown, "the peer stops");
    await this.#dialer.stop();
  }

  #accept(connection: Connection): void {
    if (this.#signal.aborted) {
      connection.close(RESET.shuttingDown, "the peer stops");
      return;
    }
    try {
      this.#connections.serve(this.#connections.add(connection));
    } catch (error) {
      this.#logger.warn("a connection was refused", { remote: connection.remote, error });
    }
  }

  /** The heartbeat's ping: what it takes is the round trip as requests see it. */
  async #ping({ peerId, channel }: Link, signal: AbortSignal): Promise<void> {
    const { clock = systemClock, liveness = LIVENESS_LIMITS } = this.#options;
    const sentAt = clock.now();
    await within({ clock, signal, limitMs: liveness.pongTimeoutMs }, (soon) =>
      ping(channel, this.#self.peerId, soon),
    );
    this.#roster.table.measured(peerId, clock.now() - sentAt);
  }

  /** The connected peer that listens at this address, and really is there, if it still answers: anybody may claim an address. */
  async #known(target: ListenAddress, signal: AbortSignal): Promise<PeerId | null> {
    const addr = formatListenAddress(target);
    const peer = this.peers().find((listed) => {
      const remote = this.#connections.remoteOf(listed.peerId);
      return listed.addr === addr && remote !== undefined && formatListenAddress(remote) === addr;
    });
    if (peer === undefined) return null;
    const { clock = systemClock } = this.#options;
    const channel = this.#connections.channelTo(peer.peerId);
    try {
      await within({ clock, signal, limitMs: DIAL_TIMEOUT_MS }, (soon) =>
        ping(channel, this.#self.peerId, soon),
      );
      return peer.peerId;
    } catch {
      signal.throwIfAborted();
      return null;
    }
  }

  /** A believed introduction on a living connection: everything is applied, then told. @returns why not, or null */
  #admit(introduced: Introduced, connectionId: string, told: LibrarySnapshot): string | null {
    const { peerId } = introduced.facts;
    if (this.#signal.aborted) return "this peer is stopping";
    if (this.#isFull(peerId)) return `${MAX_PEERS} peers are connected already`;
    const greeting = this.#connections.greet(connectionId);
    if (greeting === null) return "the connection is over";
    this.#incompatibles.forget(peerId);
    this.#dialer.connected(peerId);
    const { facts, library } = introduced;
    const { clock = systemClock } = this.#options;
    const { mayBeLate } = greeting;
    const { table } = this.#roster;
    const lanes = String(table.lanesOf(peerId).map(({ port }) => port));
    const isNew = table.has(peerId) && lanes !== String(lanePorts(facts.features));
    if (isNew) this.#options.onProcessGone?.(peerId);
    const isTaken = this.#roster.welcome({ facts, library, now: clock.now(), mayBeLate });
    if (!isTaken) this.#catchUp.doubt(peerId);
    else if (mayBeLate) this.#catchUp.check(peerId);
    else this.#catchUp.greeted(peerId);
    this.#deltaPush.greeted(peerId, told);
    return null;
  }

  #isFull(peerId: PeerId): boolean {
    const { table } = this.#roster;
    return table.size >= MAX_PEERS && !table.has(peerId);
  }

  #gone(peerId: PeerId, reason: string): void {
    this.#deltaPush.forget(peerId);
    this.#roster.remove(peerId, reason);
    this.#options.onProcessGone?.(peerId);
    if (this.#dialer.announced(peerId) === undefined) this.#catchUp.forget(peerId);
    this.#dialer.lost(peerId, { leaving: reason === "goodbye" });
  }

  #emit(event: MeshEvent): void {
    for (const listener of [...this.#listeners]) {
      try {
        listener(event);
      } catch (error) {
        this.#logger.error("a listener failed", { event: event.type, error });
      }
    }
  }
}
