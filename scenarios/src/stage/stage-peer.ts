import { join } from "node:path";
import type { ListedGame, ListedPeer, LocalGame } from "@lanspread/proto";
import {
  type EventPredicate,
  type Harness,
  type HarnessCommand,
  HarnessCommandError,
  type HarnessEvent,
  isEvent,
  startHarness,
} from "../harness-process.ts";
import type { Host } from "../hosts/host.ts";
import { READY_DEADLINE_MS, STOP_GRACE_MS } from "./constants.ts";
import { Operation } from "./operation.ts";
import { type UntilOptions, until } from "./until.ts";

/** An object as the harness writes it: field names in snake_case, ids plain text. */
type Snake<T> = {
  readonly [Key in keyof T as Key extends string ? SnakeName<Key> : Key]: Plain<T[Key]>;
};
type Plain<T> = T extends string ? string : T;
type SnakeName<Text extends string> = Text extends `${infer Head}${infer Tail}`
  ? `${Head extends Lowercase<Head> ? Head : `_${Lowercase<Head>}`}${SnakeName<Tail>}`
  : Text;

export type GameLine = Snake<ListedGame>;
export type PeerLine = Snake<ListedPeer>;
export type LocalGameLine = Snake<LocalGame>;

/** What `status` says, as far as scenarios look at it. */
export interface StatusLine {
  readonly peer_id: string;
  readonly addr: string;
  readonly lanes: readonly number[];
  readonly games_dir: string;
  readonly library_rev: number;
  readonly operations: readonly { readonly game_id: string; readonly kind: string }[];
  readonly outbound_transfers: Readonly<Record<string, number>>;
  readonly rss_bytes: number;
}

export interface StagePeerOptions {
  readonly name: string;
  readonly host: Host;
  readonly games: string;
  readonly state: string;
  /** Place of its temporary files, and of nobody else's. */
  readonly temporary: string;
  readonly party: string;
  /** The harness and whatever stands in front of it. */
  readonly program: readonly [string, ...string[]];
  readonly env: Readonly<Record<string, string>>;
  readonly logFile: string;
  /** Arguments of the harness besides those of its host. */
  readonly args: readonly string[];
  readonly signal: AbortSignal;
}

export interface LifeOptions {
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/** One process of a peer, from its start to its end. */
export interface Life {
  readonly harness: Harness;
  readonly peerId: string;
  readonly addr: string;
  /** Whether it was killed: it says no last words then, and may leave things behind. */
  wasKilled: boolean;
}

/** One peer of a scenario through all its lives: host and folders stay, its processes come and go. */
export class StagePeer {
  readonly name: string;
  readonly host: Host;
  readonly games: string;
  readonly state: string;
  readonly temporary: string;
  /** All lives so far, the last one perhaps still running. */
  readonly lives: Life[] = [];
  readonly #options: StagePeerOptions;
  #starting: Harness | null = null;
  #isRunning = false;

  constructor(options: StagePeerOptions) {
    this.#options = options;
    this.name = options.name;
    this.host = options.host;
    this.games = options.games;
    this.state = options.state;
    this.temporary = options.temporary;
  }

  get isRunning(): boolean {
    return this.#isRunning;
  }

  /** The life that runs now, or ran last. */
  get life(): Life {
    const life = this.lives.at(-1);
    if (life === undefined) throw new Error(`${this.name} was never started`);
    return life;
  }

  get harness(): Harness {
    return this.life.harness;
  }

  get peerId(): string {
    return this.life.peerId;
  }

  /** Where it listens, `ip:port`, as it says itself. */
  get addr(): string {
    return this.life.addr;
  }

  /** A path below its games directory. */
  path(...names: string[]): string {
    return join(this.games, ...names);
  }

  /** Where everything goes that its processes print. */
  get logFile(): string {
    return this.#options.logFile;
  }

  /** Starts its process; resolves when it is ready. @param life arguments and environment of this life only */
  async start(life: LifeOptions = {}): Promise<this> {
    const { args = [], env: more = {} } = life;
    const { name, host, games, state, party, program, env, logFile, signal } = this.#options;
    signal.throwIfAborted();
    const [command, ...before] = program;
    const harness = startHarness({
      name,
      logFile,
      graceMs: STOP_GRACE_MS,
      env: { ...env, ...more },
      program: host.command(command, ...before),
      args: [
        ...["--games-dir", games, "--state-dir", state, "--name", name, "--party", party],
        ...[...host.peerArgs, ...this.#options.args, ...args, "-vv"],
      ],
    });
    this.#starting = harness;
    const ready = await harness.event(isEvent("local-peer-ready"), { deadlineMs: READY_DEADLINE_MS });
    const { peer_id, addr } = ready.data;
    this.lives.push({ harness, peerId: String(peer_id), addr: String(addr), wasKilled: false });
    this.#starting = null;
    this.#isRunning = true;
    return this;
  }

  /** Ends it as a user does, and checks that this is how it ended. */
  async shutdown(): Promise<void> {
    if (!this.#isRunning) return;
    this.#isRunning = false;
    const { code, signal, forcedBy } = await this.harness.close();
    // A signal ends what does not listen any more, too, with code 0: whether it was needed is what counts.
    if (code === 0 && forcedBy === undefined) return;
    const after = forcedBy === undefined ? "" : `, after ${forcedBy}`;
    throw new Error(`${this.name} did not stop by itself: code ${code}, signal ${signal}${after}`);
  }

  /** kill -9: nothing of it gets to say goodbye. @throws Error where it had ended before, by itself */
  async kill(): Promise<void> {
    this.#isRunning = false;
    this.life.wasKilled = true;
    this.harness.kill("SIGKILL");
    await this.#wasKilled();
  }

  /** Waits until it has been killed (SIGKILL) by something that is in it. @throws Error where it ends in another way */
  async dies(deadlineMs: number): Promise<void> {
    await this.until(`${this.name} dies`, () => hasEnded(this.harness), { deadlineMs });
    this.#isRunning = false;
    this.life.wasKilled = true;
    await this.#wasKilled();
  }

  async #wasKilled(): Promise<void> {
    const { code, signal } = await this.harness.exited;
    if (signal !== "SIGKILL")
      throw new Error(`${this.name} was not killed, but ended: code ${code}, signal ${signal}`);
  }

  /** The last resort, whatever its state is: without waiting. */
  killNow(): void {
    const life = this.lives.at(-1);
    if (life !== undefined && this.#isRunning) life.wasKilled = true;
    this.#isRunning = false;
    for (const harness of [this.#starting, life?.harness]) harness?.kill("SIGKILL");
  }

  /** Ends whatever is left of it. Never rejects. */
  async close(): Promise<void> {
    this.#isRunning = false;
    await Promise.all([this.#starting?.close(), this.lives.at(-1)?.harness.close()]);
  }

  send(command: HarnessCommand): Promise<unknown> {
    return this.harness.send(command);
  }

  async status(): Promise<StatusLine> {
    return (await this.send({ cmd: "status" })) as StatusLine;
  }

  async listGames(): Promise<readonly GameLine[]> {
    const { games } = (await this.send({ cmd: "list-games" })) as { readonly games: readonly GameLine[] };
    return games;
  }

  async game(id: string): Promise<GameLine | undefined> {
    return (await this.listGames()).find((game) => game.id === id);
  }

  async listPeers(): Promise<readonly PeerLine[]> {
    const { peers } = (await this.send({ cmd: "list-peers" })) as { readonly peers: readonly PeerLine[] };
    return peers;
  }

  /** Sends a command that has to be refused; resolves with the code. */
  async refuses(command: HarnessCommand): Promise<string> {
    try {
      await this.send(command);
    } catch (error) {
      if (error instanceof HarnessCommandError) return error.code;
      throw error;
    }
    throw new Error(`${this.name} accepted ${JSON.stringify(command)}`);
  }

  /** Begins an operation on a game; resolves when it is accepted. */
  begin(command: HarnessCommand & { readonly game_id: string }): Promise<Operation> {
    return Operation.begin(this.harness, command);
  }

  /** Begins to download a game as soon as somebody offers it. */
  async download(
    gameId: string,
    fields: { readonly install?: boolean; readonly latest?: boolean } = {},
  ): Promise<Operation> {
    await this.until(
      `somebody offers ${gameId} to ${this.name}`,
      async () => (await this.offers(gameId)) > 0,
    );
    return this.begin({ cmd: "download", game_id: gameId, ...fields });
  }

  /** How many peers can serve the game now, as it sees it. */
  async offers(gameId: string): Promise<number> {
    return (await this.game(gameId))?.peer_count ?? 0;
  }

  /** Waits until exactly so many peers can serve the game now. */
  async isOffered(gameId: string, count: number, options: Partial<UntilOptions> = {}): Promise<void> {
    await this.until(
      `${gameId} from ${count} at ${this.name}`,
      async () => (await this.offers(gameId)) === count,
      options,
    );
  }

  /** Waits until it sees exactly these peers, with the libraries that they have now. */
  async sees(others: readonly StagePeer[], options: Partial<UntilOptions> = {}): Promise<void> {
    const names = others.map(({ name }) => name).join(", ");
    await this.until(
      `${this.name} sees ${names === "" ? "nobody" : names}`,
      async () => {
        const listed = new Map((await this.listPeers()).map((peer) => [peer.peer_id, peer]));
        if (listed.size !== others.length) return false;
        const states = await Promise.all(others.map((other) => other.status()));
        return states.every(({ peer_id, library_rev }) => listed.get(peer_id)?.library_rev === library_rev);
      },
      options,
    );
  }

  /** The first event since the start of this life that is accepted; see `isEvent`. */
  event(predicate: EventPredicate, options?: { deadlineMs?: number; from?: number }): Promise<HarnessEvent> {
    return this.harness.event(predicate, options);
  }

  until<T>(what: string, look: () => T | Promise<T>, options: Partial<UntilOptions> = {}) {
    return until(what, look, { signal: this.#options.signal, ...options });
  }
}

function hasEnded(harness: Harness): Promise<boolean> {
  const running = new Promise<false>((resolve) => {
    setImmediate(() => resolve(false));
  });
  return Promise.race([harness.exited.then(() => true), running]);
}
