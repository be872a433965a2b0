import type { Socket } from "node:net";
import {
  type HarnessCommandInput,
  type HarnessLine,
  harnessLineSchema,
  type RuntimeCommand,
  type RuntimeEvent,
} from "@lanspread/proto";
import { isPeerErrorCode, PeerError } from "../errors/index.ts";
import type { CommandResults, PeerHandle } from "../runtime/index.ts";
import { stateDirLayout } from "../storage/index.ts";
import { toCamelCase, toRuntimeEvent } from "./camel-case.ts";
import { MAX_OUTPUT_LINE_BYTES } from "./constants.ts";
import { toHarnessCommand } from "./harness-command.ts";
import { LineSplitter } from "./line-splitter.ts";
import { tryConnect } from "./socket-lock.ts";

export interface ConnectControlOptions {
  readonly stateDir: string;
  readonly signal?: AbortSignal;
}

/** A peer of another process, driven over its control socket. */
export interface ControlClient extends PeerHandle {
  /** Resolves with the reason when the connection is over. Never rejects. */
  readonly closed: Promise<string>;
  /** Asks the peer to stop; resolves when it has said that it will. */
  shutdown(): Promise<void>;
  /** Leaves; the peer goes on. */
  close(): Promise<void>;
}

/**
 * Connects to the peer that runs with a state directory. Null where none runs.
 *
 * @throws PeerError `no-permission`; the signal's reason
 */
export async function connectControl(options: ConnectControlOptions): Promise<ControlClient | null> {
  options.signal?.throwIfAborted();
  const socket = await tryConnect(stateDirLayout(options.stateDir).controlSocket);
  return socket === null ? null : new SocketControlClient(socket);
}

interface Waiting {
  readonly resolve: (data: object) => void;
  readonly reject: (error: PeerError) => void;
}

class SocketControlClient implements ControlClient {
  readonly closed: Promise<string>;
  readonly #socket: Socket;
  readonly #waiting = new Map<number, Waiting>();
  readonly #handlers = new Set<(event: RuntimeEvent) => void>();
  #lastId = 0;
  #closing = false;

  constructor(socket: Socket) {
    this.#socket = socket;
    const lines = new LineSplitter({
      maxBytes: MAX_OUTPUT_LINE_BYTES,
      onLine: (line) => this.#take(line),
      onTooLong: () => socket.destroy(),
    });
    socket.on("data", (chunk: Buffer) => lines.push(chunk));
    this.closed = new Promise((resolve) => {
      socket.once("close", () => {
        const reason = this.#closing ? "the connection was closed" : "the running peer has ended";
        for (const { reject } of this.#waiting.values()) reject(new PeerError("shutting-down", reason));
        this.#waiting.clear();
        resolve(reason);
      });
    });
  }

  async send<Command extends RuntimeCommand>(
    command: Command,
    options: { readonly signal?: AbortSignal } = {},
  ): Promise<CommandResults[Command["type"]]> {
    const data = await this.#ask(toHarnessCommand(command), options.signal);
    // The other end is the same program, and answers a command with its result.
    const result = command.type === "get-peer-count" ? countOf(data) : toCamelCase(data);
    return result as unknown as CommandResults[Command["type"]];
  }

  onEvent(handler: (event: RuntimeEvent) => void): () => void {
    const own = (event: RuntimeEvent): void => handler(event);
    this.#handlers.add(own);
    return () => this.#handlers.delete(own);
  }

  async shutdown(): Promise<void> {
    await this.#ask({ cmd: "shutdown" }, undefined);
  }

  async close(): Promise<void> {
    this.#closing = true;
    this.#socket.end();
    this.#socket.destroySoon();
    await this.closed;
  }

  #ask(command: HarnessCommandInput, signal: AbortSignal | undefined): Promise<object> {
    signal?.throwIfAborted();
    if (this.#socket.destroyed) {
      return Promise.reject(new PeerError("shutting-down", "the running peer has ended"));
    }
    this.#lastId += 1;
    const id = this.#lastId;
    const { promise, resolve, reject } = Promise.withResolvers<object>();
    const abort = (): void => {
      this.#waiting.delete(id);
      reject(signal?.reason);
    };
    signal?.addEventListener("abort", abort, { once: true });
    this.#waiting.set(id, { resolve, reject });
    this.#socket.write(`${JSON.stringify({ id, ...command })}\n`);
    return promise.finally(() => signal?.removeEventListener("abort", abort));
  }

  #take(text: string): void {
    const line = parseLine(text);
    if (line === null) return;
    if (line.type === "event") {
      const event = toRuntimeEvent(line.event, line.data);
      for (const handler of [...this.#handlers]) handler(event);
      return;
    }
    if (typeof line.id !== "number") return;
    const waiting = this.#waiting.get(line.id);
    this.#waiting.delete(line.id);
    if (line.type === "result") waiting?.resolve(line.data);
    else waiting?.reject(errorOf(line));
  }
}

function parseLine(text: string): HarnessLine | null {
  try {
    return harnessLineSchema.parse(JSON.parse(text));
  } catch {
    return null;
  }
}

function errorOf(line: Extract<HarnessLine, { type: "error" }>): PeerError {
  const code = isPeerErrorCode(line.code) ? line.code : "internal";
  return new PeerError(code, line.message, line.hint === undefined ? {} : { hint: line.hint });
}

function countOf(data: object): { readonly count: number } {
  const peers: unknown = Reflect.get(data, "peers");
  return { count: Array.isArray(peers) ? peers.length : 0 };
}
