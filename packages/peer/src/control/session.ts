import {
  type HarnessCommand,
  type HarnessLine,
  harnessCommandSchema,
  harnessIdSchema,
  type RuntimeEvent,
  toHarnessEvent,
  toSnakeCase,
} from "@lanspread/proto";
import { PeerError, reasonOf, toPeerError } from "../errors/index.ts";
import type { Peer } from "../runtime/index.ts";

export interface ControlSessionOptions {
  readonly peer: Peer;
  /** Writes one line of output, without its end. Where it returns a promise, events wait for it: back-pressure. */
  readonly writeLine: (line: string) => void | Promise<void>;
  /** `shutdown` was asked for, and answered. */
  readonly onShutdown: () => void;
}

/** One conversation in JSON lines with one client: a script at stdin and stdout, or a program at the control socket. */
export interface ControlSession {
  /** Takes one line of input; its answer is written when it is there. Answers may come in another order. */
  takeLine(text: string): void;
  /** Refuses a line that was too long to be read. */
  refuseLine(): void;
  /** Resolves when every line taken so far is answered. */
  idle(): Promise<void>;
  /** Resolves when the last event is written, which is after the peer has stopped, or after {@link close}. Never rejects. */
  readonly ended: Promise<void>;
  /** Writes no more. */
  close(): void;
}

/** Begins a session: `local-peer-ready` is its first line, every event from now on follows. */
export function createControlSession(options: ControlSessionOptions): ControlSession {
  return new JsonLinesSession(options);
}

class JsonLinesSession implements ControlSession {
  readonly ended: Promise<void>;
  readonly #peer: Peer;
  readonly #options: ControlSessionOptions;
  readonly #events: AsyncIterableIterator<RuntimeEvent>;
  readonly #closing = new AbortController();
  readonly #answering = new Set<Promise<void>>();

  constructor(options: ControlSessionOptions) {
    this.#options = options;
    this.#peer = options.peer;
    this.#events = options.peer.events();
    this.ended = this.#pump().catch(() => this.close());
  }

  takeLine(text: string): void {
    this.#follow(this.#answer(text));
  }

  refuseLine(): void {
    this.#follow(
      this.#refuse(null, null, new PeerError("bad-request", "The line is too long for a command.")),
    );
  }

  async idle(): Promise<void> {
    await Promise.all(this.#answering);
  }

  close(): void {
    this.#closing.abort();
    void this.#events.return?.();
  }

  /** A client that cannot be written to is left. */
  #follow(answering: Promise<void>): void {
    const answer = answering.catch(() => this.close());
    this.#answering.add(answer);
    void answer.finally(() => this.#answering.delete(answer));
  }

  /** Every event in order; the next one when the reader has taken the one before. */
  async #pump(): Promise<void> {
    const { peerId, addr } = this.#peer;
    const { lanes } = this.#peer.snapshot().status;
    await this.#write(toHarnessEvent({ type: "local-peer-ready", peerId, addr, lanes }, Date.now()));
    for await (const event of this.#events) {
      if (event.type !== "local-peer-ready") await this.#write(toHarnessEvent(event, Date.now()));
    }
  }

  async #write(line: HarnessLine): Promise<void> {
    if (!this.#closing.signal.aborted) await this.#options.writeLine(JSON.stringify(line));
  }

  async #answer(text: string): Promise<void> {
    if (text.trim() === "") return;
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch {
      return this.#refuse(null, null, new PeerError("bad-request", "The line is no JSON."));
    }
    const parsed = harnessCommandSchema.safeParse(value);
    if (!parsed.success) {
      const id = harnessIdSchema.safeParse(fieldOf(value, "id"));
      const cmd = fieldOf(value, "cmd");
      const issue = parsed.error.issues[0];
      const message = `${issue?.path.join(".") || "the command"}: ${issue?.message ?? "is not known"}`;
      return this.#refuse(
        id.data ?? null,
        typeof cmd === "string" ? cmd : null,
        new PeerError("bad-request", message),
      );
    }
    const { id, cmd } = parsed.data;
    let data: Record<string, unknown>;
    try {
      data = toSnakeCase(await this.#run(parsed.data));
    } catch (error) {
      return this.#refuse(id, cmd, toPeerError(error));
    }
    await this.#write({ type: "result", id, cmd, data });
    if (cmd === "shutdown") this.#options.onShutdown();
  }

  #refuse(id: number | string | null, cmd: string | null, error: PeerError): Promise<void> {
    return this.#write({ type: "error", id, cmd, ...reasonOf(error) });
  }

  async #run(command: HarnessCommand): Promise<object> {
    const peer = this.#peer;
    const { signal } = this.#closing;
    switch (command.cmd) {
      case "status":
        return peer.send({ type: "status" });
      case "list-peers":
        return peer.send({ type: "list-peers" });
      case "list-games":
        return peer.send({ type: "list-games" });
      case "connect":
        return peer.send({ type: "connect", addr: command.addr }, { signal });
      case "set-game-dir":
        return peer.send({ type: "set-game-dir", path: command.path });
      case "get-game":
        return peer.send({ type: "get-game", gameId: command.game_id }, { signal });
      case "download": {
        const { game_id: gameId, install, latest } = command;
        return peer.send({ type: "download-game-files", gameId, install, latest });
      }
      case "install":
        return peer.send({ type: "install-game", gameId: command.game_id });
      case "stream-install":
        return peer.send({ type: "stream-install-game", gameId: command.game_id });
      case "uninstall":
        return peer.send({ type: "uninstall-game", gameId: command.game_id });
      case "remove-download":
        return peer.send({ type: "remove-downloaded-game", gameId: command.game_id });
      case "cancel-download":
        return peer.send({ type: "cancel-download", gameId: command.game_id });
      case "wait-peers":
        return waitForPeers(peer, command.count, command.timeout_ms, signal);
      case "shutdown":
        return {};
    }
  }
}

/** @throws PeerError `timeout`, saying how many there are */
async function waitForPeers(
  peer: Peer,
  count: number,
  timeoutMs: number,
  closing: AbortSignal,
): Promise<object> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const enough = (): boolean => peer.snapshot().peers.length >= count;
  const look = (): void => {
    if (enough()) resolve();
  };
  const timer = setTimeout(() => {
    const there = peer.snapshot().peers.length;
    reject(new PeerError("timeout", `${there} of ${count} peers were there after ${timeoutMs} ms.`));
  }, timeoutMs);
  const stopped = (): void => reject(new PeerError("shutting-down", "The peer is stopping."));
  closing.addEventListener("abort", stopped, { once: true });
  void peer.stopped.then(stopped);
  const leave = peer.onEvent(look);
  try {
    look();
    await promise;
    return { peers: peer.snapshot().peers };
  } finally {
    leave();
    clearTimeout(timer);
    closing.removeEventListener("abort", stopped);
  }
}

function fieldOf(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null ? Reflect.get(value, name) : undefined;
}
