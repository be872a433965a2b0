import type { ConnectionCore } from "../core/connection.ts";
import type { Transmission } from "./transmitter.ts";

export interface SchedulerOptions {
  /** Sends a connection's packets. */
  readonly transmit: (connection: ConnectionCore) => Transmission;
  /** All connections there are. */
  readonly connections: ReadonlySet<ConnectionCore>;
  /** Takes what was thrown at one of the moments, where no caller could take it. */
  readonly failed: (error: unknown) => void;
}

/**
 * Chooses the moments. Nothing here costs a promise or a timer per packet:
 *
 * - datagrams that come in one burst share one *round* (`serve`), and on slow links datagrams wait for each other a moment;
 * - packets go out in a *flush* after the callbacks that the round woke have read and written, later where the congestion window is small;
 * - one timer serves the deadlines of all connections; it is only set anew when it moves earlier.
 */
export class Scheduler {
  readonly #transmit: (connection: ConnectionCore) => Transmission;
  readonly #connections: ReadonlySet<ConnectionCore>;
  readonly #failed: (error: unknown) => void;
  readonly #heard = new Set<ConnectionCore>();
  readonly #due = new Set<ConnectionCore>();
  readonly #blocked = new Set<ConnectionCore>();
  #turn: NodeJS.Immediate | undefined;
  #flush: NodeJS.Immediate | undefined;
  #gathering: NodeJS.Timeout | undefined;
  #deadline: NodeJS.Timeout | undefined;
  #deadlineAtMs = Number.POSITIVE_INFINITY;
  #rounds = 0;
  #stopped = false;

  constructor(options: SchedulerOptions) {
    this.#transmit = options.transmit;
    this.#connections = options.connections;
    this.#failed = options.failed;
  }

  get rounds(): number {
    return this.#rounds;
  }

  now(): number {
    return performance.now();
  }

  /** A connection has taken a datagram of so many bytes. */
  received(connection: ConnectionCore, bytes: number): void {
    const mayWait = connection.gather.note(bytes, this.now());
    this.#heard.add(connection);
    if (this.#turn !== undefined || (mayWait && this.#gathering !== undefined) || this.#stopped) return;
    this.#turn = setImmediate(() => this.#safely(() => this.#takeTurn(false)));
  }

  /** The application did something on a connection, or it is new. */
  wake(connection: ConnectionCore): void {
    this.#due.add(connection);
    this.#armFlush();
  }

  /** The socket takes datagrams again. */
  drained(): void {
    for (const connection of this.#blocked) this.#due.add(connection);
    this.#blocked.clear();
    if (this.#due.size > 0) this.#armFlush();
  }

  /** A connection is gone. */
  forget(connection: ConnectionCore): void {
    this.#heard.delete(connection);
    this.#due.delete(connection);
    this.#blocked.delete(connection);
  }

  /** No timer and no callback is left afterwards. */
  stop(): void {
    this.#stopped = true;
    clearImmediate(this.#turn);
    clearImmediate(this.#flush);
    clearTimeout(this.#gathering);
    clearTimeout(this.#deadline);
  }

  #safely(step: () => void): void {
    try {
      step();
    } catch (error) {
      this.#failed(error);
    }
  }

  #takeTurn(all: boolean): void {
    this.#turn = undefined;
    const now = this.now();
    let waitMs = Number.POSITIVE_INFINITY;
    for (const connection of this.#heard) {
      if (!all && !connection.gather.isDue(now)) {
        waitMs = Math.min(waitMs, connection.gather.waitMs);
        continue;
      }
      this.#heard.delete(connection);
      connection.gather.took(now);
      this.#rounds++;
      if (connection.acknowledgesFirst) this.#acknowledge(connection, now);
      connection.serve();
      if (this.#connections.has(connection)) this.#due.add(connection);
    }
    if (this.#due.size > 0) this.#armFlush();
    if (this.#heard.size === 0) {
      clearTimeout(this.#gathering);
      this.#gathering = undefined;
    }
    if (this.#heard.size > 0 && this.#gathering === undefined && !this.#stopped) {
      this.#gathering = setTimeout(() => {
        this.#gathering = undefined;
        this.#safely(() => this.#takeTurn(true));
      }, waitMs);
    }
  }

  #acknowledge(connection: ConnectionCore, now: number): void {
    connection.sendAtMs(now);
    if (this.#transmit(connection) === "blocked") this.#blocked.add(connection);
  }

  #armFlush(): void {
    if (this.#flush === undefined && !this.#stopped)
      this.#flush = setImmediate(() => this.#safely(() => this.#flushDue()));
  }

  #flushDue(): void {
    this.#flush = undefined;
    const now = this.now();
    const due = [...this.#due];
    this.#due.clear();
    for (const connection of due) {
      if (!this.#connections.has(connection)) continue;
      connection.serveWriters();
      const sendAtMs = connection.sendAtMs(now);
      if (sendAtMs > now) {
        connection.dueAtMs = Math.min(sendAtMs, connection.deadlineMs(now));
        this.#armDeadline(connection.dueAtMs, now);
        continue;
      }
      const transmission = this.#transmit(connection);
      if (transmission === "more") this.wake(connection);
      else if (transmission === "blocked") this.#blocked.add(connection);
      if (connection.isSuspect) connection.serve();
      connection.dueAtMs = connection.deadlineMs(now);
      this.#armDeadline(connection.dueAtMs, now);
    }
  }

  #armDeadline(atMs: number, now: number): void {
    if (atMs >= this.#deadlineAtMs || this.#stopped) return;
    clearTimeout(this.#deadline);
    this.#deadlineAtMs = atMs;
    this.#deadline = setTimeout(
      () => this.#safely(() => this.#passDeadline()),
      Math.max(0, Math.ceil(atMs - now)),
    );
  }

  #passDeadline(): void {
    this.#deadlineAtMs = Number.POSITIVE_INFINITY;
    const now = this.now();
    for (const connection of [...this.#connections]) {
      if (connection.dueAtMs <= now) {
        connection.tick(now);
        connection.serve();
        if (this.#connections.has(connection)) this.wake(connection);
      } else {
        this.#armDeadline(connection.dueAtMs, now);
      }
    }
  }
}
