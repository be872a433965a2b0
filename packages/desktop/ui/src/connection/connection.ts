import type { PageRequest, Refusal, ShellMessage } from "../../../protocol/messages.ts";
import { Pulse } from "./pulse.ts";

/** Pause before a lost connection is tried again, milliseconds: doubles from the first to the longest. */
const RETRY_FIRST_MS = 250;
const RETRY_LONGEST_MS = 4_000;

/** `readyState` of a WebSocket that takes what is sent. */
const OPEN = 1;

/** The part of a WebSocket that is needed here. */
export interface Socket {
  /** {@link OPEN} between its opening and the moment in which either end begins to close it: `onclose` may come much later. */
  readonly readyState: number;
  send(text: string): void;
  close(): void;
  onopen: (() => void) | null;
  onmessage: ((event: { readonly data: unknown }) => void) | null;
  onclose: (() => void) | null;
}

export interface ConnectionOptions {
  readonly open: () => Socket;
  readonly onMessage: (
    message: Extract<ShellMessage, { type: "snapshot" | "event" | "figures" | "windows" }>,
  ) => void;
  readonly onStateChange: (isConnected: boolean) => void;
}

/** What was asked for was refused; `code` and `hint` are those of the runtime's errors. */
export class RefusedError extends Error {
  override readonly name = "RefusedError";
  readonly code: string;
  readonly hint: string | undefined;

  constructor({ code, message, hint }: Refusal) {
    super(message);
    this.code = code;
    this.hint = hint;
  }
}

const LOST: Refusal = { code: "connection-lost", message: "The connection to lanspread was lost." };

interface Waiting {
  readonly resolve: (data: unknown) => void;
  readonly reject: (error: RefusedError) => void;
}

/**
 * The page's connection with the shell. A lost one comes back by itself; the snapshot that comes first then repairs everything.
 * One whose other end says nothing counts as lost until it does: what was said meanwhile comes then, in its order.
 */
export class Connection {
  readonly #options: ConnectionOptions;
  readonly #waiting = new Map<number, Waiting>();
  readonly #pulse: Pulse;
  #socket: Socket | null = null;
  #lastId = 0;
  #failures = 0;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #isClosed = false;

  constructor(options: ConnectionOptions) {
    this.#options = options;
    this.#pulse = new Pulse({
      ask: () => void this.#send({ type: "alive" }).catch(() => {}),
      onChange: options.onStateChange,
    });
    this.#connect();
  }

  /**
   * Asks the shell.
   *
   * @throws RefusedError, also where the connection is lost before the answer, and at once where nobody answers: what was clicked
   *   meanwhile is not done some time later
   */
  ask(request: PageRequest): Promise<unknown> {
    return this.#pulse.isSilent ? Promise.reject(new RefusedError(LOST)) : this.#send(request);
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#retry);
    this.#pulse.stop();
    this.#socket?.close();
  }

  #send(request: PageRequest): Promise<unknown> {
    if (this.#socket?.readyState !== OPEN) return Promise.reject(new RefusedError(LOST));
    this.#lastId += 1;
    const id = this.#lastId;
    this.#socket.send(JSON.stringify({ ...request, id }));
    return new Promise((resolve, reject) => this.#waiting.set(id, { resolve, reject }));
  }

  #connect(): void {
    const socket = this.#options.open();
    this.#socket = socket;
    socket.onopen = () => {
      this.#failures = 0;
    };
    socket.onmessage = ({ data }) => this.#hear(JSON.parse(String(data)) as ShellMessage);
    socket.onclose = () => this.#lost();
  }

  #hear(message: ShellMessage): void {
    this.#pulse.heard();
    switch (message.type) {
      case "snapshot":
        this.#options.onStateChange(true);
        this.#pulse.start();
        this.#options.onMessage(message);
        break;
      case "event":
      case "figures":
      case "windows":
        this.#options.onMessage(message);
        break;
      case "answer":
        this.#settle(message.id, ({ resolve }) => resolve(message.data));
        break;
      case "refusal":
        this.#settle(message.id, ({ reject }) => reject(new RefusedError(message.refusal)));
        break;
    }
  }

  #settle(id: number, how: (waiting: Waiting) => void): void {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (waiting !== undefined) how(waiting);
  }

  #lost(): void {
    this.#socket = null;
    this.#pulse.stop();
    for (const id of [...this.#waiting.keys()])
      this.#settle(id, ({ reject }) => reject(new RefusedError(LOST)));
    if (this.#isClosed) return;
    this.#options.onStateChange(false);
    const pause = Math.min(RETRY_FIRST_MS * 2 ** this.#failures, RETRY_LONGEST_MS);
    this.#failures += 1;
    this.#retry = setTimeout(() => this.#connect(), pause);
  }
}
