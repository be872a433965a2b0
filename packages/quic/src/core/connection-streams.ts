import { type CloseInfo, ConnectionClosedError } from "../errors.ts";
import type { Stream } from "../types.ts";
import type { NativeConnection } from "./native-types.ts";
import { PeerStreams } from "./peer-streams.ts";
import { StreamCore, type StreamOwner } from "./stream.ts";
import { type Waiter, waitFor } from "./waiter.ts";

export interface ConnectionStreamsOptions {
  readonly native: NativeConnection;
  readonly initiator: boolean;
  readonly idleTimeoutMs: number;
  /** Packets may be due. */
  readonly wake: () => void;
  /** A handler of the application threw. */
  readonly handlerFailed: (error: unknown) => void;
}

const NO_BYTES = new Uint8Array(0);

/** All streams of a connection: who waits to open one, to be given one, for room or for the end to be sent. */
export class ConnectionStreams implements StreamOwner {
  readonly native: NativeConnection;
  closeInfo: CloseInfo | undefined;
  readonly wake: () => void;
  readonly #handlerFailed: (error: unknown) => void;
  readonly #idleTimeoutMs: number;
  readonly #streams = new Map<number, StreamCore>();
  readonly #parked = new Set<StreamCore>();
  readonly #ending = new Set<StreamCore>();
  /** The stream whose end was told last: it goes first. */
  #lastEnded: StreamCore | undefined;
  readonly #openers: Waiter<Stream>[] = [];
  readonly #peerStreams: PeerStreams;
  #nextStreamId: number;
  #datagramsAsked = 0;
  #bytesTakenAt = -1;
  #onStream: ((stream: Stream) => void) | undefined;
  #unclaimed: StreamCore[] = [];

  constructor(options: ConnectionStreamsOptions) {
    this.native = options.native;
    this.wake = options.wake;
    this.#handlerFailed = options.handlerFailed;
    this.#idleTimeoutMs = options.idleTimeoutMs;
    this.#peerStreams = new PeerStreams(options.initiator ? 1 : 0);
    this.#nextStreamId = options.initiator ? 0 : 1;
  }

  /** Streams with a direction that is not over. */
  get open(): number {
    return this.#streams.size;
  }

  // ---- the connection's side

  openStream(signal: AbortSignal | undefined): Promise<Stream> {
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

  /** Gives readers what has come, takes the other side's new streams, opens those that waited for the other side's leave. */
  serveReaders(): void {
    if (this.native.isReadable()) {
      for (const id of this.native.readable()) {
        if (this.closeInfo !== undefined) return; // a handler has closed it
        const stream = this.#streams.get(id) ?? this.#accept(id);
        stream?.serveReader();
      }
    }
    for (const stream of [...this.#streams.values()]) stream.noticeEnd();
    while (this.#openers.length > 0 && this.native.peerStreamsLeftBidi() > 0) {
      this.#openers.shift()?.resolve(this.#open());
    }
  }

  /** Hands waiting bytes to the native library, in turns. */
  serveWriters(): void {
    let more = this.#parked.size > 0;
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

  /** To be called before each datagram that is taken from the native library. */
  noteDatagram(): void {
    this.#datagramsAsked++;
  }

  /**
   * The library has no datagram to send: tells it an end that waits for that and for a quiet connection. True when there is a datagram
   * now, with that end.
   */
  sendEnd(): boolean {
    if (this.#ending.size === 0 || !this.#isQuiet()) return false;
    for (const stream of this.#ending) {
      this.#lastEnded?.yieldToOthers();
      this.#lastEnded = undefined;
      const how = stream.sendEnd();
      if (how !== "blocked") this.#ending.delete(stream);
      if (how === "sent") {
        this.#lastEnded = stream;
        return true;
      }
    }
    return false;
  }

  /** The connection is over: everything that waits rejects. */
  fail(info: CloseInfo): void {
    this.closeInfo = info;
    for (const stream of [...this.#streams.values()]) stream.fail(info);
    for (const opener of this.#openers.splice(0)) opener.reject(new ConnectionClosedError(info));
    this.#unclaimed = [];
  }

  /** Bytes of streams wait to be sent: what may be due beside is acknowledgements and repetitions. */
  get hasUnsent(): boolean {
    return this.#parked.size > 0 || this.#bytesTakenAt === this.#datagramsAsked;
  }

  // ---- the streams' side

  get datagramsAsked(): number {
    return this.#datagramsAsked;
  }

  get hasParkedWrites(): boolean {
    return this.#parked.size > 0;
  }

  bytesTaken(): void {
    this.#bytesTakenAt = this.#datagramsAsked;
  }

  writerParked(stream: StreamCore): void {
    this.#parked.add(stream);
  }

  endDue(stream: StreamCore): void {
    this.#ending.add(stream);
    this.wake();
  }

  streamDone(stream: StreamCore): void {
    this.#streams.delete(stream.id);
    this.#parked.delete(stream);
    this.#ending.delete(stream);
  }

  // ---- inside

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
      this.#handlerFailed(error);
      stream.reset(0);
      stream.stop(0);
    }
  }

  /** Nothing is on its way: of the library's timers only the idle one is so far away, and for a loss there would be one. */
  #isQuiet(): boolean {
    const { peerMaxIdleTimeout } = this.native.stats();
    const idleMs = Math.min(this.#idleTimeoutMs, peerMaxIdleTimeout || Number.POSITIVE_INFINITY);
    return (this.native.timeout() ?? Number.POSITIVE_INFINITY) > idleMs / 2;
  }

  #open(): StreamCore {
    const id = this.#nextStreamId;
    this.native.streamSend(id, NO_BYTES, false); // makes the library know it, so that it can be read from at once
    this.#nextStreamId += 4;
    const stream = new StreamCore(id, this);
    this.#streams.set(id, stream);
    return stream;
  }
}
