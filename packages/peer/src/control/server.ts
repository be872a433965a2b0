import { createServer, type Server, type Socket } from "node:net";
import { MAX_COMMAND_LINE_BYTES } from "@lanspread/proto";
import type { Logger } from "../logger.ts";
import type { Peer } from "../runtime/index.ts";
import type { StateDir } from "../storage/index.ts";
import { MAX_CLIENTS } from "./constants.ts";
import { formatGreeting } from "./greeting.ts";
import { LineSplitter } from "./line-splitter.ts";
import { createControlSession } from "./session.ts";
import { createSocketLines } from "./socket-lines.ts";
import { listenExclusively, type SocketLock } from "./socket-lock.ts";

export interface OpenControlOptions {
  readonly stateDir: StateDir;
  /** Shown to who finds the state directory taken. */
  readonly name: string;
  readonly logger: Logger;
}

/** The control socket of a state directory, and with it the right to use the directory. */
export interface ControlServer extends AsyncDisposable {
  /** Gives every client, those that wait already included, a session with the peer. */
  serve(peer: Peer): void;
}

/**
 * Takes a state directory for this process, and opens its control socket for the owner's other programs.
 *
 * @throws PeerError `state-locked`, naming who has it; `path-too-long`, `no-permission`
 */
export async function openControl(options: OpenControlOptions): Promise<ControlServer> {
  const server = new SocketControlServer(options);
  await server.listen();
  return server;
}

class SocketControlServer implements ControlServer {
  readonly #options: OpenControlOptions;
  readonly #server: Server;
  readonly #clients = new Set<Socket>();
  #lock: SocketLock | undefined;
  #peer: Peer | undefined;

  constructor(options: OpenControlOptions) {
    this.#options = options;
    this.#server = createServer((socket) => this.#welcome(socket));
    this.#server.maxConnections = MAX_CLIENTS;
  }

  async listen(): Promise<void> {
    try {
      this.#lock = await listenExclusively(this.#server, this.#options.stateDir.controlSocket);
    } catch (error) {
      this.#server.close();
      throw error;
    }
    this.#server.on("error", (error) => this.#options.logger.warn("the control socket failed", { error }));
  }

  serve(peer: Peer): void {
    this.#peer = peer;
    for (const socket of this.#clients) this.#converse(socket, peer);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // Once: what lies at the path afterwards is somebody else's.
    const lock = this.#lock;
    this.#lock = undefined;
    await lock?.release();
    const closed = new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
    });
    // What was written last (a result, the last events) still goes out before the end.
    for (const socket of this.#clients) socket.destroySoon();
    await closed;
  }

  #welcome(socket: Socket): void {
    this.#clients.add(socket);
    socket.on("error", (error) => this.#options.logger.debug("a control client failed", { error }));
    socket.once("close", () => this.#clients.delete(socket));
    socket.write(`${formatGreeting({ pid: process.pid, name: this.#options.name })}\n`);
    if (this.#peer !== undefined) this.#converse(socket, this.#peer);
  }

  #converse(socket: Socket, peer: Peer): void {
    const session = createControlSession({
      peer,
      writeLine: createSocketLines(socket).writeLine,
      onShutdown: () => void peer.stop(),
    });
    const lines = new LineSplitter({
      maxBytes: MAX_COMMAND_LINE_BYTES,
      onLine: (line) => session.takeLine(line),
      onTooLong: () => session.refuseLine(),
    });
    socket.on("data", (chunk: Buffer) => lines.push(chunk));
    socket.once("end", () => lines.end());
    socket.once("close", () => session.close());
  }
}
