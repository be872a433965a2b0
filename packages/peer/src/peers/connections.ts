import { type ListenAddress, type PeerId, RESET } from "@lanspread/proto";
import type { CloseInfo, Connection, Stream } from "@lanspread/quic";
import { PeerError } from "../errors/index.ts";
import { peerIdFromCertificate } from "../identity/index.ts";
import type { Logger } from "../logger.ts";
import { createStreamChannel, type RequestStream } from "../transfer/index.ts";
import type { Clock } from "./clock.ts";
import { AFTER_GOODBYE_MS, HELLO_TIMEOUT_MS, SECOND_CONNECTION_PONG_MS } from "./constants.ts";
import { createFollowingChannel, type PeerChannel } from "./following-channel.ts";
import { Heartbeat } from "./heartbeat.ts";
import type { LivenessLimits } from "./liveness.ts";
import { Timer } from "./timer.ts";
import type { RequestContext } from "./types.ts";

/** One living connection and who is at its other end. */
export interface Link {
  readonly peerId: PeerId;
  readonly connection: Connection;
  readonly context: RequestContext;
  /** Requests over this very connection. */
  readonly channel: PeerChannel;
}

/** What is known of a hello by the connections of its sender. */
export interface Greeting {
  /** It was said before, or elsewhere too: what came by the other hello may be newer. */
  readonly mayBeLate: boolean;
}

interface LinkState extends Link {
  readonly over: AbortController;
  /** Both have said hello, and nobody goodbye since. */
  greeted: boolean;
  /** Ends a connection on which nobody says hello. */
  readonly deadline: Timer;
  heartbeat: Heartbeat | null;
}

export interface ConnectionsOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  /** Never rejects. */
  readonly serveStream: (stream: RequestStream, context: RequestContext) => Promise<void>;
  readonly ping: (link: Link, signal: AbortSignal) => Promise<void>;
  /** When a silent connection is over. Default: as every peer has it. */
  readonly liveness?: LivenessLimits;
  /** Bytes of a peer that has said hello have come. */
  readonly onHeard?: (peerId: PeerId) => void;
  /** The last greeted connection of a peer is over. */
  readonly onGone: (peerId: PeerId, reason: string) => void;
}

/**
 * The connections to other peers. One per peer is enough; further ones are tolerated, and the youngest is the one that is used:
 * after a crash and a restart the older one only looks alive.
 */
export class Connections {
  readonly #options: ConnectionsOptions;
  readonly #links = new Map<string, LinkState>();
  readonly #byPeer = new Map<PeerId, LinkState[]>();
  readonly #channels = new Map<PeerId, PeerChannel>();

  constructor(options: ConnectionsOptions) {
    this.#options = options;
  }

  /**
   * Takes over a connection. Nothing that comes on it is served before {@link serve}; without a hello it is closed after a while.
   *
   * @throws where its certificate is none; the connection is closed then
   */
  add(connection: Connection): Link {
    let peerId: PeerId;
    try {
      peerId = peerIdFromCertificate(connection.peerCertificate);
    } catch (error) {
      connection.close(RESET.refused, "not a certificate of a peer");
      throw error;
    }
    const over = new AbortController();
    const { id: connectionId, remote } = connection;
    const link: LinkState = {
      peerId,
      connection,
      context: { peerId, remote, connectionId, signal: over.signal },
      channel: createStreamChannel((options) => this.#open(link, options)),
      over,
      greeted: false,
      deadline: new Timer(this.#options.clock),
      heartbeat: null,
    };
    this.#links.set(connectionId, link);
    this.#byPeer.set(peerId, [...(this.#byPeer.get(peerId) ?? []), link]);
    this.#expectHello(link, HELLO_TIMEOUT_MS);
    void connection.closed.then((info) => this.#remove(link, describeClose(info)));
    return link;
  }

  /** Lets the other side's requests in, those that wait already first. */
  serve(link: Link): void {
    const state = this.#links.get(link.connection.id);
    if (state === undefined) return;
    const { serveStream } = this.#options;
    state.connection.onStream((stream) => {
      this.#heard(state);
      void serveStream(stream, state.context);
    });
  }

  /** Both have said hello on this connection. @returns null where it is over already */
  greet(connectionId: string): Greeting | null {
    const link = this.#links.get(connectionId);
    if (link === undefined) return null;
    const { clock, liveness, ping } = this.#options;
    const isFirst = !link.greeted;
    link.deadline.clear();
    link.greeted = true;
    // A peer dials from the port it listens on: a connection from another port is left from a process that is no more. What it
    // still holds (answers under way, places) would be missed until it times out.
    for (const other of this.#byPeer.get(link.peerId) ?? []) {
      if (other === link) continue;
      if (other.connection.remote.port === link.connection.remote.port) void this.#verify(other);
      else this.#end(other, RESET.stalled, "the peer came back on another port");
    }
    if (link.heartbeat !== null) link.heartbeat.heard();
    else {
      link.heartbeat = new Heartbeat({
        clock,
        ...(liveness === undefined ? {} : { limits: liveness }),
        ping: (signal) => ping(link, signal),
        onLost: (reason) => this.#end(link, RESET.stalled, reason),
      });
    }
    const greeted = this.#byPeer.get(link.peerId)?.filter((other) => other.greeted) ?? [];
    return { mayBeLate: !isFirst || greeted.length > 1 };
  }

  /**
   * Ends a connection whose other end does not answer soon. Of two that dialled each other at once both connections live;
   * of a process that was killed and came back on the same port only the new one does.
   */
  async #verify(link: LinkState): Promise<void> {
    if (!link.greeted) return;
    const late = new AbortController();
    const timer = new Timer(this.#options.clock);
    timer.set(() => late.abort(), SECOND_CONNECTION_PONG_MS);
    try {
      await this.#options.ping(link, AbortSignal.any([late.signal, link.over.signal]));
    } catch {
      // Whatever else it answered: it lives.
      if (late.signal.aborted) this.#end(link, RESET.stalled, "the peer came back, and does not answer here");
    } finally {
      timer.clear();
    }
  }

  /** A peer has said goodbye: it is not here any more, and has a moment to close its connections itself. */
  dismiss(peerId: PeerId, reason: string): void {
    const links = this.#byPeer.get(peerId) ?? [];
    const wasHere = links.some((link) => link.greeted);
    for (const link of links) {
      link.greeted = false;
      link.heartbeat?.stop();
      link.heartbeat = null;
      this.#expectHello(link, AFTER_GOODBYE_MS);
    }
    if (wasHere) this.#options.onGone(peerId, reason);
  }

  /** Closes one connection. */
  close(link: Link, code: number, reason: string): void {
    const state = this.#links.get(link.connection.id);
    if (state !== undefined) this.#end(state, code, reason);
  }

  closeAll(code: number, reason: string): void {
    for (const link of [...this.#links.values()]) this.#end(link, code, reason);
  }

  isGreeted(peerId: PeerId): boolean {
    return this.#best(peerId) !== undefined;
  }

  /** Where the packets of a peer come from; undefined for who has not said hello. A peer dials from the port it listens on. */
  remoteOf(peerId: PeerId): ListenAddress | undefined {
    return this.#best(peerId)?.connection.remote;
  }

  /** Requests to a peer, over whatever connection it has when the request is made. */
  channelTo(peerId: PeerId): PeerChannel {
    let channel = this.#channels.get(peerId);
    if (channel === undefined) {
      channel = createFollowingChannel(() => {
        const link = this.#best(peerId);
        if (link === undefined) throw new PeerError("connect-failed", `${peerId} is not connected`);
        return link.channel;
      });
      this.#channels.set(peerId, channel);
    }
    return channel;
  }

  #best(peerId: PeerId): LinkState | undefined {
    return this.#byPeer.get(peerId)?.findLast((link) => link.greeted);
  }

  async #open(link: LinkState, options: { readonly signal?: AbortSignal }): Promise<RequestStream> {
    return listened(await link.connection.openStream(options), () => this.#heard(link));
  }

  #heard(link: LinkState): void {
    link.heartbeat?.heard();
    if (link.greeted) this.#options.onHeard?.(link.peerId);
  }

  #expectHello(link: LinkState, withinMs: number): void {
    link.deadline.set(() => {
      // A peer that has said hello elsewhere needs not say it here.
      if (!this.isGreeted(link.peerId)) this.#end(link, RESET.refused, "no hello");
    }, withinMs);
  }

  #end(link: LinkState, code: number, reason: string): void {
    link.connection.close(code, reason);
    this.#remove(link, reason);
  }

  #remove(link: LinkState, reason: string): void {
    const { logger, onGone } = this.#options;
    if (!this.#links.delete(link.connection.id)) return;
    logger.debug("a connection is over", { peerId: link.peerId, connectionId: link.connection.id, reason });
    link.deadline.clear();
    link.heartbeat?.stop();
    const others = (this.#byPeer.get(link.peerId) ?? []).filter((other) => other !== link);
    if (others.length > 0) this.#byPeer.set(link.peerId, others);
    else {
      this.#byPeer.delete(link.peerId);
      this.#channels.delete(link.peerId);
    }
    link.over.abort();
    if (!link.greeted || others.some((other) => other.greeted)) return;
    for (const other of others) this.#expectHello(other, HELLO_TIMEOUT_MS);
    onGone(link.peerId, reason);
  }
}

/** The same stream; every byte that comes shows that the other side is there. */
function listened(stream: Stream, heard: () => void): RequestStream {
  return {
    read: async (into, options) => {
      const count = await stream.read(into, options);
      if (count > 0) heard();
      return count;
    },
    write: (bytes, options) => stream.write(bytes, options),
    finish: () => stream.finish(),
    reset: (code) => stream.reset(code),
    stop: (code) => stream.stop(code),
  };
}

function describeClose({ byPeer, app, code, reason, timedOut }: CloseInfo): string {
  if (timedOut) return "the connection timed out";
  if (byPeer && app && code === RESET.shuttingDown) return "the peer stopped";
  const detail = reason === "" ? `code ${code}` : reason;
  return byPeer ? `the peer closed the connection: ${detail}` : `the connection was closed: ${detail}`;
}
