import { type CloseInfo, ConnectionClosedError } from "../errors.ts";
import type { Address, Connection, ConnectionStats, Stream } from "../types.ts";
import { MAX_CLOSE_REASON_BYTES, MIN_INITIAL_DATAGRAM_BYTES } from "./constants.ts";
import { Gather } from "./gather.ts";
import type { NativeConnection, NativeRecvInfo } from "./native-types.ts";
import { isShortHeader } from "./packet-header.ts";
import { PeerStreams } from "./peer-streams.ts";
import { checkErrorCode, StreamCore, type StreamOwner } from "./stream.ts";
import { type Waiter, waitFor } from "./waiter.ts";

/** What a connection needs of its endpoint. */
export interface ConnectionOwner {
  /** Packets may be due: call `serve` and `fill` soon, after the running callbacks. */
  wake(connection: ConnectionCore): void;
  /** The handshake succeeded on both sides. Called once, before `ended` or never. */
  established(connection: ConnectionCore): void;
  /** Sends a datagram at once: it cannot wait for the next `fill`. */
  sendNow(connection: ConnectionCore, datagram: Uint8Array): void;
  /** It is over: call `fill` for its last words, then forget it. Called once. */
  ended(connection: ConnectionCore): void;
  /** A handler of the application threw. */
  handlerFailed(error: unknown): void;
}

export interface ConnectionCoreOptions {
  readonly native: NativeConnection;
  readonly id: string;
  readonly local: Address;
  readonly remote: Address;
  readonly initiator: boolean;
  readonly keepAliveMs: number;
  readonly handshakeTimeoutMs: number;
  readonly nowMs: number;
  readonly owner: ConnectionOwner;
}

/**
 * - `handshake`: keys are being agreed.
 * - `confirming` (dialling side only): our part is done, but the other side may still refuse our certificate.
 * - `open`: both have verified each other.
 */
type Phase = "handshake" | "confirming" | "open" | "closed";

const TEXT_OUT = new TextEncoder();
const TEXT_IN = new TextDecoder();
const NO_BYTES = new Uint8Array(0);

/**
 * One connection without sockets, timers or clock. The endpoint calls, in this order:
 *
 * 1. `receive(datagram)` for every datagram that belongs to it, `tick(now)` when `deadlineMs` has passed;
 * 2. `serve()` once for a burst of them: handshake, new streams, readers, writers;
 * 3. after the callbacks that this woke have run: `fill(slot)` until it returns 0, sending each;
 * 4. `deadlineMs(now)`: when to call `tick` at the latest.
 */
export class ConnectionCore implements Connection, StreamOwner {
  readonly id: string;
  readonly remote: Address;
  readonly initiator: boolean;
  readonly native: NativeConnection;
  readonly gather = new Gather();
  readonly closed: Promise<CloseInfo>;
  closeInfo: CloseInfo | undefined;
  /** Kept for the scheduler: when `tick` is due, as of the last flush. */
  dueAtMs = Number.POSITIVE_INFINITY;
  /** Kept for the transmitter: the largest datagram sent so far, in bytes. */
  largestSent = 0;

  readonly #owner: ConnectionOwner;
  readonly #recvInfo: NativeRecvInfo;
  readonly #keepAliveMs: number;
  readonly #handshakeDeadlineMs: number;
  readonly #streams = new Map<number, StreamCore>();
  readonly #parked = new Set<StreamCore>();
  readonly #ending = new Set<StreamCore>();
  /** The stream whose end was told last: it goes first. */
  #lastEnded: StreamCore | undefined;
  readonly #openers: Waiter<Stream>[] = [];
  readonly #peerStreams: PeerStreams;
  #nextStreamId: number;
  #phase: Phase = "handshake";
  #peerCertificate: Uint8Array = NO_BYTES;
  #onStream: ((stream: Stream) => void) | undefined;
  #unclaimed: StreamCore[] = [];
  #resolveClosed: (info: CloseInfo) => void = () => undefined;
  #keepAliveAtMs: number;
  /** The library threw: it may have closed the connection. */
  #suspect = false;

  constructor(options: ConnectionCoreOptions) {
    this.native = options.native;
    this.id = options.id;
    this.remote = options.remote;
    this.initiator = options.initiator;
    this.#owner = options.owner;
    // Always the same pair of addresses: connections do not move here, and a machine with two addresses in one network
    // may answer from the other one. The packets are authenticated, whatever address they carry.
    this.#recvInfo = { from: withoutScope(options.remote), to: withoutScope(options.local) };
    this.#keepAliveMs = options.keepAliveMs;
    this.#keepAliveAtMs = options.nowMs + options.keepAliveMs;
    this.#handshakeDeadlineMs = options.nowMs + options.handshakeTimeoutMs;
    this.#peerStreams = new PeerStreams(options.initiator ? 1 : 0);
    this.#nextStreamId = options.initiator ? 0 : 1;
    this.closed = new Promise((resolve) => {
      this.#resolveClosed = resolve;
    });
  }

  get peerCertificate(): Uint8Array {
    return this.#peerCertificate;
  }

  get isOpen(): boolean {
    return this.#phase === "open";
  }

  /** The library threw in `fill`: `serve` has to find out why. */
  get isSuspect(): boolean {
    return this.#suspect && this.#phase !== "closed";
  }

  // ---- the endpoint's side

  /** Takes a datagram; its bytes are decrypted in place. Garbage changes nothing. */
  receive(datagram: Uint8Array): void {
    if (this.#phase === "closed") return;
    try {
      this.native.recv(datagram, this.#recvInfo);
    } catch {
      // A packet that was authentic and broke the protocol, or a refused certificate: the library has closed the
      // connection and `serve` finds out why.
      this.#suspect = true;
    }
  }

  /** Lets time pass. */
  tick(nowMs: number): void {
    if (this.#phase === "closed") return;
    this.native.onTimeout();
    if (this.#phase !== "open") {
      if (nowMs < this.#handshakeDeadlineMs) return;
      this.#closeNative(false, NO_ERROR, NO_BYTES); // the other side may be further and hear it
      this.#end({ ...NOTHING_HEARD });
      return;
    }
    if (nowMs >= this.#keepAliveAtMs) {
      // Whatever was heard meanwhile: garbage with this connection's id looks like a sign of life from here, and is none.
      this.native.sendAckEliciting();
      this.#keepAliveAtMs = nowMs + this.#keepAliveMs;
    }
  }

  /** One round: finds out what the datagrams changed, and serves those who wait. */
  serve(): void {
    if (this.#phase === "closed") return;
    if (this.#phase !== "open") this.#advanceHandshake();
    if (this.#phase === "open") {
      if (this.native.isReadable()) this.#serveReaders();
      if (this.#openers.length > 0) this.#serveOpeners();
    }
    this.#checkEnd();
    if (this.#parked.size > 0) this.serveWriters();
  }

  /** Hands waiting bytes to the native library, in turns. */
  serveWriters(): void {
    let more = this.#parked.size > 0 && this.#phase === "open";
    while (more) {
      more = false;
      for (const stream of [...this.#parked]) {
        if (stream.serveWriter()) more = true;
        // To the end of the line: the next round starts with somebody else.
        this.#parked.delete(stream);
        if (stream.hasParkedWrite) this.#parked.add(stream);
      }
    }
  }

  /** Writes the next datagram into `slot`. Returns its length, 0 when there is none. */
  fill(slot: Uint8Array): number {
    if (this.#ending.size > 0) this.#sendEnd();
    try {
      const sent = this.native.send(slot);
      return sent === null ? 0 : sent[0];
    } catch {
      this.#suspect = true; // the library has closed the connection; `serve` finds out why
      return 0;
    }
  }

  /** When `tick` is due at the latest, on the clock of `nowMs`. */
  deadlineMs(nowMs: number): number {
    if (this.#phase === "closed") return Number.POSITIVE_INFINITY;
    const timeout = this.native.timeout();
    // Whole milliseconds, rounded down: one more, or the tick comes too early to do anything.
    const native = timeout === null ? Number.POSITIVE_INFINITY : nowMs + timeout + (timeout === 0 ? 0 : 1);
    return Math.min(native, this.#phase === "open" ? this.#keepAliveAtMs : this.#handshakeDeadlineMs);
  }

  /** The library threw at a datagram of this connection elsewhere: the next `serve` finds out why. */
  suspectEnd(): void {
    this.#suspect = true;
  }

  // ---- the application's side

  openStream(options?: { readonly signal?: AbortSignal }): Promise<Stream> {
    const signal = options?.signal;
    if (signal?.aborted) return Promise.reject(signal.reason);
    if (this.closeInfo !== undefined) return Promise.reject(new ConnectionClosedError(this.closeInfo));
    if (this.#openers.length === 0 && this.native.peerStreamsLeftBidi() > 0)
      return Promise.resolve(this.#open());
    return waitFor<Stream>(signal, (waiter) => {
      this.#openers.push(waiter);
      return () => {
        const at = this.#openers.indexOf(waiter);
        if (at >= 0) this.#openers.splice(at, 1);
      };
    });
  }

  onStream(handler: (stream: Stream) => void): void {
    this.#onStream = handler;
    for (const stream of this.#unclaimed.splice(0)) this.#deliver(handler, stream);
  }

  close(code = 0, reason = ""): void {
    checkErrorCode(code);
    if (this.#phase === "closed") return;
    const words = TEXT_OUT.encode(reason).subarray(0, MAX_CLOSE_REASON_BYTES);
    this.#closeNative(true, code, words);
    this.#end({ byPeer: false, app: true, code, reason, timedOut: false });
  }

  /** Closes with a code of QUIC's own; no `closed` handler has seen the connection yet. */
  refuse(code: number): void {
    if (this.#phase === "closed") return;
    this.#closeNative(false, code, NO_BYTES);
    this.#end({ byPeer: false, app: false, code, reason: "", timedOut: false });
  }

  stats(): ConnectionStats {
    const totals = this.native.stats();
    const path = this.native.pathStats()[0];
    return {
      rttMs: path === undefined ? 0 : path.rtt,
      bytesSent: totals.sentBytes,
      bytesReceived: totals.recvBytes,
      packetsSent: totals.sent,
      packetsReceived: totals.recv,
      packetsLost: totals.lost,
      congestionWindowBytes: path?.cwnd ?? 0,
      datagramBytes: this.native.maxSendUdpPayloadSize(),
      openStreams: this.#streams.size,
    };
  }

  // ---- the streams' side

  get hasParkedWrites(): boolean {
    return this.#parked.size > 0;
  }

  wake(): void {
    this.#owner.wake(this);
  }

  writerParked(stream: StreamCore): void {
    this.#parked.add(stream);
  }

  endDue(stream: StreamCore): void {
    this.#ending.add(stream);
    this.#owner.wake(this);
  }

  streamDone(stream: StreamCore): void {
    this.#streams.delete(stream.id);
    this.#parked.delete(stream);
    this.#ending.delete(stream);
  }

  // ---- inside

  /** At most one per datagram: each goes out with the datagram that is taken next. */
  #sendEnd(): void {
    for (const stream of this.#ending) {
      this.#lastEnded?.yieldToOthers();
      this.#lastEnded = undefined;
      const how = stream.sendEnd();
      if (how !== "blocked") this.#ending.delete(stream);
      if (how === "sent") {
        this.#lastEnded = stream;
        return;
      }
    }
  }

  #advanceHandshake(): void {
    if (this.#phase === "handshake" && this.native.isEstablished()) {
      // A server is established only when it has verified the client. A client does not know yet whether its certificate
      // is accepted: the server's first session ticket, which follows its verification, says so.
      this.#phase = this.initiator ? "confirming" : "open";
    }
    if (this.#phase === "confirming" && this.native.session() !== null) this.#phase = "open";
    if (this.#phase !== "open") return;
    this.#peerCertificate = this.native.peerCertChain()?.[0] ?? NO_BYTES;
    if (this.#peerCertificate.length === 0) {
      this.refuse(INTERNAL_ERROR); // cannot be: both sides demand one
      return;
    }
    this.#owner.established(this);
  }

  #serveReaders(): void {
    for (const id of this.native.readable()) {
      if (this.closeInfo !== undefined) return; // a handler has closed it
      const stream = this.#streams.get(id) ?? this.#accept(id);
      stream?.serveReader();
    }
  }

  #accept(id: number): StreamCore | undefined {
    if (!this.#peerStreams.isNew(id)) return undefined;
    const stream = new StreamCore(id, this);
    this.#streams.set(id, stream);
    stream.noticeStop();
    if (this.#onStream === undefined) this.#unclaimed.push(stream);
    else this.#deliver(this.#onStream, stream);
    return stream;
  }

  #deliver(handler: (stream: Stream) => void, stream: Stream): void {
    try {
      handler(stream);
    } catch (error) {
      this.#owner.handlerFailed(error);
      stream.reset(0);
      stream.stop(0);
    }
  }

  #serveOpeners(): void {
    while (this.#openers.length > 0 && this.native.peerStreamsLeftBidi() > 0) {
      this.#openers.shift()?.resolve(this.#open());
    }
  }

  #open(): StreamCore {
    const id = this.#nextStreamId;
    this.native.streamSend(id, NO_BYTES, false); // makes the library know it, so that it can be read from at once
    this.#nextStreamId += 4;
    const stream = new StreamCore(id, this);
    this.#streams.set(id, stream);
    return stream;
  }

  #checkEnd(): void {
    const { native } = this;
    if (!this.#suspect && !native.isDraining() && !native.isClosed()) return;
    this.#suspect = false;
    if (native.isTimedOut()) {
      this.#end({ ...NOTHING_HEARD });
      return;
    }
    const theirs = native.peerError();
    const error = theirs ?? native.localError();
    if (error !== null) {
      const reason = TEXT_IN.decode(error.reason);
      this.#end({
        byPeer: theirs !== null,
        app: error.isApp,
        code: error.errorCode,
        reason,
        timedOut: false,
      });
    } else if (native.isClosed()) {
      this.#end({ byPeer: true, app: false, code: 0, reason: "", timedOut: false });
    }
  }

  /**
   * What the handshake still has to say goes before the farewell: the other side could not read that otherwise. And with a repetition
   * of the handshake due, the library (quiche 0.18) would acknowledge for ever instead of saying farewell.
   */
  #sendHandshake(): void {
    const packet = new Uint8Array(MIN_INITIAL_DATAGRAM_BYTES);
    for (let ofHandshake = true; ofHandshake; ofHandshake = !isShortHeader(packet)) {
      const length = this.fill(packet);
      if (length === 0) return;
      this.#owner.sendNow(this, packet.subarray(0, length));
    }
  }

  #closeNative(app: boolean, code: number, reason: Uint8Array): void {
    this.#sendHandshake();
    try {
      this.native.close(app, code, reason);
    } catch {
      // It had ended already.
    }
  }

  #end(info: CloseInfo): void {
    if (this.#phase === "closed") return;
    this.#phase = "closed";
    this.closeInfo = info;
    for (const stream of [...this.#streams.values()]) stream.fail(info);
    for (const opener of this.#openers.splice(0)) opener.reject(new ConnectionClosedError(info));
    this.#unclaimed = [];
    this.#owner.ended(this);
    this.#resolveClosed(info);
  }
}

/** RFC 9000, 20.1. */
const NO_ERROR = 0;
const INTERNAL_ERROR = 1;

const NOTHING_HEARD: CloseInfo = { byPeer: false, app: false, code: 0, reason: "", timedOut: true };

/** The native library knows no IPv6 scopes (`fe80::1%eth0`); only the socket needs them. */
export function withoutScope({ host, port }: Address): Address {
  const scopeAt = host.indexOf("%");
  return { host: scopeAt < 0 ? host : host.slice(0, scopeAt), port };
}
