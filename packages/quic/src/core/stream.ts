import {
  type CloseInfo,
  ConnectionClosedError,
  StreamResetError,
  StreamStateError,
  StreamStoppedError,
} from "../errors.ts";
import type { Stream } from "../types.ts";
import { END_ROOM_BYTES, WRITE_QUANTUM_BYTES } from "./constants.ts";
import { readNativeFailure } from "./native-errors.ts";
import type { NativeConnection } from "./native-types.ts";
import { type Waiter, waitFor } from "./waiter.ts";

/** What a stream needs of its connection. */
export interface StreamOwner {
  readonly native: NativeConnection;
  /** Set when the connection is over: every call rejects with it. */
  readonly closeInfo: CloseInfo | undefined;
  /** Something was read, written or given up: packets may be due. */
  wake(): void;
  /** Writers wait for room on some stream: a newcomer queues behind them. */
  readonly hasParkedWrites: boolean;
  /** Datagrams that the library was asked for so far: it has sent nothing since while this stays the same. */
  readonly datagramsAsked: number;
  /** The library took bytes. */
  bytesTaken(): void;
  /** A writer waits for room. */
  writerParked(stream: StreamCore): void;
  /** The end has to travel alone: call `sendEnd` when the library has no datagram. */
  endDue(stream: StreamCore): void;
  /** Both directions are over: forget the stream. */
  streamDone(stream: StreamCore): void;
}

interface ParkedWrite {
  readonly bytes: Uint8Array;
  taken: number;
  readonly waiter: Waiter<void>;
}

/** How far a direction is: open, or ended in one of three ways. */
type Direction =
  | { readonly state: "open" }
  | { readonly state: "finished" }
  | { readonly state: "failed"; readonly error: Error };

const OPEN: Direction = { state: "open" };
const FINISHED: Direction = { state: "finished" };
const NO_BYTES = new Uint8Array(0);
const DONE = Promise.resolve();

/** The library's priority of streams that go before all others. */
const URGENT = 0;

/** The library's priority of all others. */
const USUAL = 127;

/** Values of the binding's `Shutdown`. */
const SHUTDOWN_READ = 0;
const SHUTDOWN_WRITE = 1;

/** One stream's state on top of the native library: who waits for bytes, who waits for room, which direction is over. */
export class StreamCore implements Stream {
  readonly id: number;
  readonly #owner: StreamOwner;
  #reading: Direction = OPEN;
  #writing: Direction = OPEN;
  #finishWanted = false;
  #reader: { readonly into: Uint8Array; readonly waiter: Waiter<number> } | undefined;
  readonly #writes: ParkedWrite[] = [];
  /** Whether any byte was read. */
  #hasRead = false;
  /** The value of `datagramsAsked` when the library took bytes last. */
  #takenAt = -1;

  constructor(id: number, owner: StreamOwner) {
    this.id = id;
    this.#owner = owner;
  }

  get hasParkedWrite(): boolean {
    return this.#writes.length > 0;
  }

  read(into: Uint8Array, options?: { readonly signal?: AbortSignal }): Promise<number> {
    if (this.#reader !== undefined)
      return Promise.reject(new StreamStateError("another read is waiting on this stream"));
    if (into.length === 0) return Promise.reject(new RangeError("read needs room for at least one byte"));
    const signal = options?.signal;
    if (signal?.aborted) return Promise.reject(signal.reason);
    if (this.#reading.state === "finished") return Promise.resolve(0);
    if (this.#reading.state === "failed") return Promise.reject(this.#reading.error);
    const closed = this.#owner.closeInfo;
    if (closed !== undefined) return Promise.reject(new ConnectionClosedError(closed));
    let count: number | null;
    try {
      count = this.#receive(into);
    } catch (error) {
      return Promise.reject(error);
    }
    if (count !== null) {
      this.#owner.wake();
      return Promise.resolve(count);
    }
    return waitFor<number>(signal, (waiter) => {
      this.#reader = { into, waiter };
      return () => {
        this.#reader = undefined;
      };
    });
  }

  write(bytes: Uint8Array, options?: { readonly signal?: AbortSignal }): Promise<void> {
    const signal = options?.signal;
    if (signal?.aborted) return Promise.reject(signal.reason);
    if (this.#writing.state === "failed") return Promise.reject(this.#writing.error);
    if (this.#writing.state === "finished" || this.#finishWanted) {
      return Promise.reject(new StreamStateError("write after finish"));
    }
    const closed = this.#owner.closeInfo;
    if (closed !== undefined) return Promise.reject(new ConnectionClosedError(closed));
    let taken = 0;
    if (!this.#owner.hasParkedWrites) {
      try {
        taken = this.#send(bytes, bytes.length);
      } catch (error) {
        return Promise.reject(error);
      }
      if (taken > 0) this.#owner.wake();
      if (taken === bytes.length) return DONE;
    }
    return waitFor<void>(signal, (waiter) => {
      const parked: ParkedWrite = { bytes, taken, waiter };
      this.#writes.push(parked);
      this.#owner.writerParked(this);
      this.#owner.wake();
      return () => {
        const at = this.#writes.indexOf(parked);
        if (at >= 0) this.#writes.splice(at, 1);
        // What was written before is not whole: no end, which would say that it is.
        this.#finishWanted = false;
      };
    });
  }

  finish(): void {
    if (this.#writing.state !== "open" || this.#finishWanted || this.#owner.closeInfo !== undefined) return;
    this.#finishWanted = true;
    if (this.#writes.length === 0) this.#sayEnd();
  }

  reset(code: number): void {
    checkErrorCode(code);
    // A reset behind the end would take away, without a word, what the reader has received and not read yet.
    if (this.#writing.state !== "open" || this.#owner.closeInfo !== undefined) return;
    if (this.#finishWanted && this.#writes.length === 0) return;
    this.#owner.native.streamShutdown(this.id, SHUTDOWN_WRITE, code);
    this.#endWriting({ state: "failed", error: new StreamResetError(code) });
    this.#owner.wake();
  }

  stop(code: number): void {
    checkErrorCode(code);
    if (this.#reading.state !== "open" || this.#owner.closeInfo !== undefined) return;
    this.#owner.native.streamShutdown(this.id, SHUTDOWN_READ, code);
    this.#endReading({ state: "failed", error: new StreamStoppedError(code) });
    this.#owner.wake();
  }

  /** Bytes, the end or a reset have come: serves the reader that waits, if one does. */
  serveReader(): void {
    this.noticeStop();
    const reader = this.#reader;
    if (reader === undefined) return;
    try {
      const count = this.#receive(reader.into);
      if (count === null) return;
      this.#reader = undefined;
      reader.waiter.resolve(count);
    } catch (error) {
      this.#reader = undefined;
      reader.waiter.reject(error);
    }
  }

  /** The library forgets a stream, and the code of its stop, when the last of it is read: call it before anybody reads. */
  noticeStop(): void {
    if (this.#writing.state !== "open") return;
    try {
      this.#owner.native.streamCapacity(this.id);
    } catch (error) {
      this.#endWriting({ state: "failed", error: sendFailure(error) });
    }
  }

  /**
   * Hands waiting bytes to the native library, one quantum at most.
   *
   * @returns true when more could be taken at once: the caller comes back after the other streams.
   */
  serveWriter(): boolean {
    const first = this.#writes[0];
    if (first === undefined) return false;
    try {
      const rest = first.taken === 0 ? first.bytes : first.bytes.subarray(first.taken);
      const taken = this.#send(rest, WRITE_QUANTUM_BYTES);
      first.taken += taken;
      if (first.taken < first.bytes.length) return taken >= WRITE_QUANTUM_BYTES;
    } catch {
      return false; // #send has rejected all writers
    }
    this.#writes.shift();
    first.waiter.resolve();
    if (this.#writes.length > 0) return true;
    if (this.#finishWanted) this.#sayEnd();
    return false;
  }

  /**
   * The end has come without a word, as `receive` explains: tells the reader that waits, if one does. Not where nothing has been read
   * yet: an end with no byte before it is told as any other news.
   */
  noticeEnd(): void {
    if (this.#reader !== undefined && this.#hasRead && this.#owner.native.streamFinished(this.id))
      this.serveReader();
  }

  /**
   * Tells the native library an end that travels alone, when it has no datagram to send.
   *
   * The library (quiche 0.18) forgets a stream as soon as everything written is acknowledged and the end is known, whether
   * the end has been sent or not, or sent and lost; and it never sends the end of a stream that has other bytes to repeat. The
   * other side would wait for ever. So it must not hear of the end before nothing is left to be sent, and before the bytes
   * are acknowledged: from then on only the end's own acknowledgement makes it look. There is no asking for that; but nothing
   * is on its way on a quiet connection, and this may be called on such a one only. Waiting for some round trips instead is not
   * enough: a busy machine acknowledges when it gets to it.
   *
   * @returns `sent`; `over` when there is nothing to be sent any more; `blocked` when there is no room: to be called again later.
   */
  sendEnd(): "sent" | "over" | "blocked" {
    if (this.#writing.state !== "open") return "over";
    const { native } = this.#owner;
    try {
      if (native.streamCapacity(this.id) < END_ROOM_BYTES) return "blocked";
      native.streamPriority(this.id, URGENT, false);
    } catch (error) {
      this.#endWriting({ state: "failed", error: sendFailure(error) });
      return "over";
    }
    return this.#tellEnd() ? "sent" : "over";
  }

  /**
   * Another stream's end is due: it must not wait behind bytes of this one that are not sent yet. This one's end goes out with the last
   * of them.
   */
  yieldToOthers(): void {
    if (this.#owner.closeInfo === undefined) this.#owner.native.streamPriority(this.id, USUAL, true);
  }

  /** The connection is over. */
  fail(info: CloseInfo): void {
    const error = new ConnectionClosedError(info);
    if (this.#reading.state === "open") this.#endReading({ state: "failed", error });
    if (this.#writing.state === "open") this.#endWriting({ state: "failed", error });
  }

  /** Null when nothing is there. Throws what the caller's read has to reject with. */
  #receive(into: Uint8Array): number | null {
    try {
      const { native } = this.#owner;
      // Bytes that are repeated with the end (their acknowledgement was late, the end was said since) are nothing new to the
      // library (quiche 0.18) when they were read already: it keeps the end, but does not call the stream readable.
      const [count, finished] = native.streamRecv(this.id, into) ?? [0, native.streamFinished(this.id)];
      if (count > 0) this.#hasRead = true;
      if (finished) this.#endReading(FINISHED);
      // An empty chunk without the end cannot be told from the end by the caller: it is nothing.
      return count === 0 && !finished ? null : count;
    } catch (error) {
      const failure = readNativeFailure(error);
      // Forgotten with an end that it did not mention: a stream whose bytes or reset are unread is never forgotten.
      if (failure.kind === "stream-unknown") {
        this.#endReading(FINISHED);
        return 0;
      }
      const wasReset = failure.kind === "stream-reset";
      // The library (quiche 0.18) keeps a mark for the reset, and with it the stream: one of the few that the other side may open, for as
      // long as the connection lives. The mark goes with this.
      if (wasReset) this.#owner.native.streamShutdown(this.id, SHUTDOWN_READ, failure.code);
      const known = wasReset ? new StreamResetError(failure.code) : streamFault(failure.text);
      this.#endReading({ state: "failed", error: known });
      throw known;
    }
  }

  /** How many bytes were taken. Throws what the caller's write has to reject with; all waiting writers are rejected then. */
  #send(bytes: Uint8Array, atMost: number): number {
    try {
      const part = bytes.length > atMost ? bytes.subarray(0, atMost) : bytes;
      const taken = this.#owner.native.streamSend(this.id, part, false);
      if (taken !== null) {
        if (taken > 0) {
          this.#takenAt = this.#owner.datagramsAsked;
          this.#owner.bytesTaken();
        }
        return taken;
      }
      this.#owner.native.streamCapacity(this.id); // throws where the stream is over, which `streamSend` takes for a lack of room
      return 0;
    } catch (error) {
      const known = sendFailure(error);
      this.#endWriting({ state: "failed", error: known });
      throw known;
    }
  }

  /**
   * Everything written was taken. An end that is told before the last bytes leave travels with them, and is repeated with them; one
   * that comes later has to travel alone, with care.
   */
  #sayEnd(): void {
    if (this.#takenAt !== this.#owner.datagramsAsked) this.#owner.endDue(this);
    else if (this.#tellEnd()) this.#owner.wake();
  }

  /** False when the other side has stopped the stream. */
  #tellEnd(): boolean {
    try {
      this.#owner.native.streamSend(this.id, NO_BYTES, true);
    } catch (error) {
      this.#endWriting({ state: "failed", error: sendFailure(error) });
      return false;
    }
    this.#endWriting(FINISHED);
    return true;
  }

  #endReading(direction: Direction): void {
    this.#reading = direction;
    const reader = this.#reader;
    if (reader !== undefined && direction.state === "failed") {
      this.#reader = undefined;
      reader.waiter.reject(direction.error);
    }
    this.#doneIfOver();
  }

  #endWriting(direction: Direction): void {
    this.#writing = direction;
    if (direction.state === "failed") {
      for (const parked of this.#writes.splice(0)) parked.waiter.reject(direction.error);
    }
    this.#doneIfOver();
  }

  #doneIfOver(): void {
    if (this.#reading.state !== "open" && this.#writing.state !== "open") this.#owner.streamDone(this);
  }
}

function sendFailure(error: unknown): Error {
  const failure = readNativeFailure(error);
  if (failure.kind === "stream-stopped") return new StreamStoppedError(failure.code);
  // Over although nothing has ended it here: the other side has stopped it, and its code is lost.
  if (failure.kind === "stream-unknown") return new StreamStoppedError(0);
  return streamFault(failure.text);
}

function streamFault(text: string): Error {
  return new StreamStateError(`the native library refused: ${text}`);
}

/** Application error codes are integers from 0 to 2^53 - 1. */
export function checkErrorCode(code: number): void {
  if (!Number.isSafeInteger(code) || code < 0)
    throw new RangeError(`error code ${code} is no integer from 0 to 2^53 - 1`);
}
