import { X509Certificate } from "node:crypto";
import type { PeerId, RequestType } from "@lanspread/proto";
import type { CloseInfo, Connection, Endpoint, Stream } from "@lanspread/quic";
import type { VirtualClock } from "@lanspread/testkit";
import type { Identity } from "../../src/identity/index.ts";
import { type RequestSide, requestStream } from "./virtual-stream.ts";

/** After so much silence a connection whose other end has vanished is over, ms: as the real one's. */
const IDLE_TIMEOUT_MS = 30_000;
/** A dial that nobody answers, ms. */
const DIAL_MS = 5_000;

/** What may happen to a message. Each is asked once per message, of virtual time. */
export interface WireFaults {
  lost(): boolean;
  doubled(): boolean;
  delayMs(): number;
}

export interface SentRequest {
  readonly type: RequestType;
  readonly from: PeerId;
  readonly to: PeerId;
}

/** One process's listener on the wire. */
export interface VirtualEndpoint extends Endpoint {
  /** Ends it as a crash does: nobody is told. */
  vanish(): void;
}

/** A network without packets: whole requests and answers, which a clock and faults deliver. */
export interface VirtualWire {
  endpoint(identity: Identity, port: number): VirtualEndpoint;
  /** Called with every request when it is sent, and again when nobody waits for its answer any more. */
  onRequest: (sent: SentRequest) => () => void;
  faults: WireFaults;
  /** What is under way from this endpoint is lost, as datagrams are that are older than the next process on its port. */
  drop(endpoint: VirtualEndpoint): void;
  /** Ends every connection between two peers. @param told whether the other side hears of it */
  cut(a: PeerId, b: PeerId, told: boolean): void;
}

export function createVirtualWire(clock: VirtualClock, faults: WireFaults): VirtualWire {
  const listeners = new Map<number, VirtualEnd>();
  const wire: Wire = {
    clock,
    faults,
    listeners,
    onRequest: () => () => {},
    endpoint: (identity, port) => {
      const end = new VirtualEnd(wire, identity, port);
      listeners.set(port, end);
      return end;
    },
    drop: (endpoint) => {
      if (endpoint instanceof VirtualEnd) endpoint.isStale = true;
    },
    cut: (a, b, told) => {
      for (const end of listeners.values()) {
        if (end.peerId === a) for (const side of end.sides) if (side.other?.end.peerId === b) side.fail(told);
      }
    },
  };
  return wire;
}

interface Wire extends VirtualWire {
  readonly clock: VirtualClock;
  readonly listeners: Map<number, VirtualEnd>;
}

class VirtualEnd implements VirtualEndpoint {
  readonly wire: Wire;
  readonly peerId: PeerId;
  readonly certificate: Uint8Array;
  readonly address: { readonly host: string; readonly port: number };
  readonly failed = new Promise<Error>(() => {});
  readonly sides = new Set<Side>();
  isStale = false;
  #accept: (connection: Connection) => void = () => {};

  constructor(wire: Wire, identity: Identity, port: number) {
    this.wire = wire;
    this.peerId = identity.peerId;
    this.certificate = new X509Certificate(identity.certPem).raw;
    this.address = { host: "127.0.0.1", port };
  }

  /** Does something at the other end, when the message is there. */
  send(deliver: () => void): boolean {
    const { clock, faults } = this.wire;
    if (faults.lost()) return false;
    for (let copies = faults.doubled() ? 2 : 1; copies > 0; copies--) {
      clock.setTimeout(() => {
        if (!this.isStale) deliver();
      }, faults.delayMs());
    }
    return true;
  }

  async dial(
    remote: { readonly host: string; readonly port: number },
    options: { readonly signal?: AbortSignal } = {},
  ): Promise<Connection> {
    const { clock, listeners } = this.wire;
    const done = Promise.withResolvers<Connection>();
    const timer = clock.setTimeout(() => done.reject(new Error("nobody answers")), DIAL_MS);
    const aborted = () => done.reject(options.signal?.reason);
    options.signal?.addEventListener("abort", aborted);
    let answered = false;
    this.send(() => {
      const target = listeners.get(remote.port);
      if (target === undefined || answered) return;
      answered = true;
      const [own, theirs] = Side.pair(this, target);
      target.#accept(theirs);
      target.send(() => done.resolve(own));
      void done.promise.catch(() => own.close(0, "no answer to the dial"));
    });
    try {
      return await done.promise;
    } finally {
      clock.clearTimeout(timer);
      options.signal?.removeEventListener("abort", aborted);
    }
  }

  onConnection(handler: (connection: Connection) => void): void {
    this.#accept = handler;
  }

  vanish(): void {
    this.#free();
    for (const side of [...this.sides]) side.fail(false);
  }

  async close(): Promise<void> {
    this.#free();
    for (const side of [...this.sides]) side.close(0, "the endpoint closes");
  }

  #free(): void {
    if (this.wire.listeners.get(this.address.port) === this) this.wire.listeners.delete(this.address.port);
  }

  updateTls(): never {
    throw new Error("not on this wire");
  }

  stats(): never {
    throw new Error("not on this wire");
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

let connectionCount = 0;

/** One side of a connection. */
class Side implements Connection {
  readonly id: string;
  readonly end: VirtualEnd;
  readonly initiator: boolean;
  readonly remote: Connection["remote"];
  readonly peerCertificate: Uint8Array;
  other: Side | null = null;
  readonly #closed = Promise.withResolvers<CloseInfo>();
  readonly closed = this.#closed.promise;
  readonly #requests = new Set<RequestSide>();
  #handler: ((stream: Stream) => void) | null = null;
  #early: Stream[] = [];
  #isOver = false;

  static pair(dialler: VirtualEnd, target: VirtualEnd): readonly [Side, Side] {
    const own = new Side(dialler, target, true);
    const theirs = new Side(target, dialler, false);
    own.other = theirs;
    theirs.other = own;
    return [own, theirs];
  }

  constructor(end: VirtualEnd, remote: VirtualEnd, initiator: boolean) {
    connectionCount += 1;
    this.id = String(connectionCount);
    this.end = end;
    this.initiator = initiator;
    this.remote = remote.address;
    this.peerCertificate = remote.certificate;
    end.sides.add(this);
  }

  async openStream(): Promise<Stream> {
    if (this.#isOver) throw new Error("the connection is closed");
    const { other, end } = this;
    if (other === null) throw new Error("no other side");
    const stream = requestStream({
      send: (deliver) => end.send(deliver),
      answer: (deliver) => other.end.send(deliver),
      accept: (accepted) => other.#take(accepted),
      sent: (type) => end.wire.onRequest({ type, from: end.peerId, to: other.end.peerId }),
      over: () => this.#requests.delete(stream),
    });
    this.#requests.add(stream);
    return stream;
  }

  onStream(handler: (stream: Stream) => void): void {
    this.#handler = handler;
    for (const stream of this.#early.splice(0)) handler(stream);
  }

  close(code = 0, reason = ""): void {
    const { other, end } = this;
    if (!this.#finish({ byPeer: false, app: true, code, reason, timedOut: false })) return;
    if (other === null) return;
    end.send(() => other.#finish({ byPeer: true, app: true, code, reason, timedOut: false }));
    other.#fade();
  }

  /** The connection breaks; this side knows it at once, the other one at once or when it has waited long enough. */
  fail(told: boolean): void {
    const info = { byPeer: false, app: false, code: 0, reason: "the network broke", timedOut: false };
    this.#finish(info);
    const { other } = this;
    if (other === null) return;
    if (told) other.#finish(info);
    else other.#fade();
  }

  stats(): never {
    throw new Error("not on this wire");
  }

  #fade(): void {
    const info = { byPeer: false, app: false, code: 0, reason: "", timedOut: true };
    this.end.wire.clock.setTimeout(() => this.#finish(info), IDLE_TIMEOUT_MS);
  }

  #take(stream: Stream): boolean {
    if (this.#isOver) return false;
    if (this.#handler === null) this.#early.push(stream);
    else this.#handler(stream);
    return true;
  }

  #finish(info: CloseInfo): boolean {
    if (this.#isOver) return false;
    this.#isOver = true;
    this.end.sides.delete(this);
    for (const request of [...this.#requests]) request.fail(new Error("the connection is over"));
    this.#closed.resolve(info);
    return true;
  }
}
