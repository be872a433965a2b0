import { type PeerId, type RuntimeCommand, type RuntimeEvent, runtimeCommandSchema } from "@lanspread/proto";
import { PeerError, reasonOf, toPeerError } from "../errors/index.ts";
import { cancelCommand, downloadCommand } from "./commands/download.ts";
import { getGameCommand } from "./commands/get-game.ts";
import { installCommand, uninstallCommand } from "./commands/install.ts";
import { removeCommand } from "./commands/remove.ts";
import { setGamesDirCommand } from "./commands/set-games-dir.ts";
import { streamInstallCommand } from "./commands/stream-install.ts";
import { listGames, type RuntimeContext } from "./context.ts";
import { statusOf } from "./status.ts";
import type { CommandResults, Peer, PeerSnapshot } from "./types.ts";

/** Commands that need not wait for the first look at the own games. */
const UNRELATED_TO_GAMES: ReadonlySet<RuntimeCommand["type"]> = new Set([
  "status",
  "list-peers",
  "get-peer-count",
  "connect",
]);
const ACCEPTED = { accepted: true } as const;

export interface LocalPeerOptions {
  readonly context: RuntimeContext;
  readonly peerId: PeerId;
  readonly name: string;
  readonly party: string;
  readonly addr: string;
  /** Ends everything that `start` began; called once. */
  readonly shutDown: () => Promise<void>;
}

/** The peer of this process: turns commands into work, and shows what is. */
export class LocalPeer implements Peer {
  readonly peerId: PeerId;
  readonly addr: string;
  readonly stopped: Peer["stopped"];
  readonly #options: LocalPeerOptions;
  readonly #context: RuntimeContext;
  readonly #resolveStopped: (how: Awaited<Peer["stopped"]>) => void;
  #stopping: Promise<void> | null = null;

  constructor(options: LocalPeerOptions) {
    this.#options = options;
    this.#context = options.context;
    this.peerId = options.peerId;
    this.addr = options.addr;
    const { promise, resolve } = Promise.withResolvers<Awaited<Peer["stopped"]>>();
    this.stopped = promise;
    this.#resolveStopped = resolve;
  }

  async send<Command extends RuntimeCommand>(
    command: Command,
    options: { readonly signal?: AbortSignal } = {},
  ): Promise<CommandResults[Command["type"]]> {
    const parsed = runtimeCommandSchema.safeParse(command);
    if (!parsed.success) {
      const issue = parsed.error.issues[0];
      throw new PeerError(
        "bad-request",
        `${issue?.path.join(".") || "the command"}: ${issue?.message ?? "is not known"}`,
      );
    }
    const signal =
      options.signal === undefined
        ? this.#context.signal
        : AbortSignal.any([options.signal, this.#context.signal]);
    if (this.#context.signal.aborted) throw new PeerError("shutting-down", "The peer is stopping.");
    try {
      // Type by type the result is the one of the command; TypeScript cannot follow that through a switch.
      return (await this.#run(parsed.data, signal)) as CommandResults[Command["type"]];
    } catch (error) {
      throw toPeerError(signal.aborted ? signal.reason : error);
    }
  }

  onEvent(handler: (event: RuntimeEvent) => void): () => void {
    return this.#context.bus.onEvent(handler);
  }

  events(): AsyncIterableIterator<RuntimeEvent> {
    return this.#context.bus.events();
  }

  snapshot(): PeerSnapshot {
    const { library, mesh } = this.#context;
    const { warnings, problem } = library.state();
    const unreachable = mesh.problem();
    return {
      status: statusOf(this.#context, this.#options),
      games: listGames(this.#context),
      localGames: library.localGames(),
      remoteGames: mesh.games(),
      peers: mesh.peers(),
      outbound: this.#context.outboundProgress.rates,
      incompatible: mesh.incompatible(),
      warnings: [
        ...(problem === null ? [] : [problem.message]),
        ...warnings,
        ...(unreachable === null ? [] : [unreachable.message]),
      ],
      gamesDirProblem: problem === null ? null : reasonOf(problem),
      networkProblem: unreachable?.message ?? null,
    };
  }

  stop(): Promise<void> {
    this.#stopping ??= this.#stop(null);
    return this.#stopping;
  }

  /** A part without which there is no peer has failed: says so, and stops. */
  fail(error: unknown): void {
    if (this.#stopping !== null) return;
    const reason = reasonOf(toPeerError(error));
    this.#context.bus.emit({ type: "runtime-failed", ...reason });
    this.#stopping = this.#stop(reason);
  }

  async #stop(failed: Awaited<Peer["stopped"]>["failed"]): Promise<void> {
    try {
      await this.#options.shutDown();
    } finally {
      this.#context.bus.close();
      this.#resolveStopped({ failed });
    }
  }

  async #run(command: ParsedCommand, signal: AbortSignal): Promise<CommandResults[RuntimeCommand["type"]]> {
    const context = this.#context;
    if (!UNRELATED_TO_GAMES.has(command.type)) {
      await context.scanned;
      signal.throwIfAborted();
    }
    switch (command.type) {
      case "status":
        return statusOf(context, this.#options);
      case "list-games":
        return { games: listGames(context) };
      case "list-peers":
        return { peers: context.mesh.peers() };
      case "get-peer-count":
        return { count: context.mesh.peers().length };
      case "get-game":
        return getGameCommand(context, command.gameId, { peersOnly: false, signal });
      case "fetch-latest-from-peers":
        return getGameCommand(context, command.gameId, { peersOnly: true, signal });
      case "download-game-files":
        downloadCommand(context, command.gameId, command);
        return ACCEPTED;
      case "install-game":
        await installCommand(context, command.gameId);
        return ACCEPTED;
      case "stream-install-game":
        streamInstallCommand(context, command.gameId);
        return ACCEPTED;
      case "uninstall-game":
        uninstallCommand(context, command.gameId);
        return ACCEPTED;
      case "remove-downloaded-game":
        removeCommand(context, command.gameId);
        return ACCEPTED;
      case "cancel-download":
        cancelCommand(context, command.gameId);
        return ACCEPTED;
      case "set-game-dir":
        return { gamesDir: await setGamesDirCommand(context, command.path) };
      case "connect":
        return { peerId: await context.mesh.connect(command.addr, { signal }) };
    }
  }
}

type ParsedCommand = ReturnType<typeof runtimeCommandSchema.parse>;
