import type { CloseInfo } from "../errors.ts";
import type { Address, Connection, ConnectionStats, Stream } from "../types.ts";
import { BurstPacing, type PathState } from "./burst-pacing.ts";
import { INTERNAL_ERROR, NO_ERROR, NOTHING_HEARD, readCloseInfo } from "./close-info.ts";
import { ConnectionStreams } from "./connection-streams.ts";
import { MAX_CLOSE_REASON_BYTES, MIN_INITIAL_DATAGRAM_BYTES } from "./constants.ts";
import { Gather } from "./gather.ts";
import type { NativeConnection, NativeRecvInfo } from "./native-types.ts";
import { isShortHeader } from "./packet-header.ts";
import { checkErrorCode } from "./stream.ts";

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
  readonly idleTimeoutMs: number;
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

const TEXT = new TextEncoder();
const NO_BYTES = new Uint8Array(0);

/**
 * One connection without sockets, timers or clock. The endpoint calls, in this order:
 *
 * 1. `receive(datagram)` for every datagram that belongs to it, `tick(now)` when `deadlineMs` has passed;
 * 2. `serve()` once for a burst of them: handshake, new streams, readers, writers;
 * 3. after the callbacks that this woke have run: `serveWriters()`, and, at `sendAtMs(now)`, `fill(slot)` until it returns 0, sending
 *    each;
 * 4. `deadlineMs(now)`: when to call `tick` at the latest.
 */
export class ConnectionCore implements Connection {
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
  readonly #streams: ConnectionStreams;
  readonly #pacing: BurstPacing;
  /** The time of the packets that are taken now. */
  #sendsAtMs = 0;
  #phase: Phase = "handshake";
  #peerCertificate: Uint8Array = NO_BYTES;
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
    this.#streams = new ConnectionStreams({
      native: options.native,
      initiator: options.initiator,
      idleTimeoutMs: options.idleTimeoutMs,
      wake: () => this.#owner.wake(this),
      handlerFailed: (error) => this.#owner.handlerFailed(error),
    });
    this.#pacing = new BurstPacing(() => this.#path());
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
    if (this.isOpen) this.#streams.serveReaders();
    this.#checkEnd();
    this.serveWriters();
  }

  /** Hands the application's waiting bytes to the native library. */
  serveWriters(): void {
    if (this.isOpen) this.#streams.serveWriters();
  }

  /** When `fill` may be called at the earliest, on the clock of `nowMs`: `nowMs`, or later while the congestion window is small. */
  sendAtMs(nowMs: number): number {
    this.#sendsAtMs = nowMs;
    // Before it is open there is no round trip that could be measured too long.
    if (!this.isOpen) return nowMs;
    const dataAtMs = this.#pacing.sendAtMs(nowMs);
    return this.#streams.hasUnsent ? dataAtMs : nowMs;
  }

  /** What was received is to be acknowledged before the application answers it: data may have to wait, and this would wait with it. */
  get acknowledgesFirst(): boolean {
    return this.isOpen && this.#pacing.isActive && !this.#streams.hasUnsent;
  }

  /** Writes the next datagram into `slot`. Returns its length, 0 when there is none. */
  fill(slot: Uint8Array): number {
    this.#streams.noteDatagram();
    try {
      let sent = this.native.send(slot);
      if (sent === null && this.#streams.sendEnd()) sent = this.native.send(slot);
      if (sent === null) return 0;
      this.#pacing.sent(this.#sendsAtMs);
      return sent[0];
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
    if (this.#phase !== "open") return Math.min(native, this.#handshakeDeadlineMs);
    return Math.min(native, this.#keepAliveAtMs);
  }

  /** The library threw at a datagram of this connection elsewhere: the next `serve` finds out why. */
  suspectEnd(): void {
    this.#suspect = true;
  }

  // ---- the application's side

  openStream(options?: { readonly signal?: AbortSignal }): Promise<Stream> {
    return this.#streams.openStream(options?.signal);
  }

  onStream(handler: (stream: Stream) => void): void {
    this.#streams.onStream(handler);
  }

  close(code = 0, reason = ""): void {
    checkErrorCode(code);
    if (this.#phase === "closed") return;
    const words = TEXT.encode(reason).subarray(0, MAX_CLOSE_REASON_BYTES);
    this.#closeNative(true, code, words);
    this.#end({ byPeer: false, app: true, code, reason, timedOut: false });
  }

  /** Closes with a code of QUIC's own; no `closed` handler has seen the connection yet. */
  refuse(code: number): void {
    if (this.#phase === "closed") return;
    this.#closeNative(false, code, NO_BYTES);
    this.#end({ byPeer: false, app: false, code, reason: "", timedOut: false });
  }

  /** Ends it without a word to the other side, and without the native library: nothing can be sent any more. */
  abandon(info: CloseInfo): void {
    this.#end(info);
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
      openStreams: this.#streams.open,
    };
  }

  // ---- inside

  #path(): PathState | undefined {
    const path = this.native.pathStats()[0];
    if (path === undefined) return undefined;
    return { windowDatagrams: path.cwnd / this.native.maxSendUdpPayloadSize(), rttMs: path.rtt };
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

  #checkEnd(): void {
    const { native } = this;
    if (!this.#suspect && !native.isDraining() && !native.isClosed()) return;
    this.#suspect = false;
    const info = readCloseInfo(native);
    if (info !== null) this.#end(info);
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
    this.#streams.fail(info);
    this.#owner.ended(this);
    this.#resolveClosed(info);
  }
}

/** The native library knows no IPv6 scopes (`fe80::1%eth0`); only the socket needs them. */
export function withoutScope({ host, port }: Address): Address {
  const scopeAt = host.indexOf("%");
  return { host: scopeAt < 0 ? host : host.slice(0, scopeAt), port };
}
