import { randomBytes } from "node:crypto";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { BenchPeer, gamesDirOf, type Place } from "./bench-peer.ts";
import type { Copies } from "./copies.ts";
import { linkGame } from "./games.ts";
import { download, type Series, series } from "./transfer.ts";

export interface StandOptions {
  readonly place: Place;
  /** Where the peers have their directories. */
  readonly directory: string;
  /** A game of one file on the same file system: every source has it by an id of its own. */
  readonly game: string;
  readonly copies: Copies;
  readonly signal: AbortSignal;
}

/** A source and a receiver that stand ready. */
export interface Pair {
  readonly source: BenchPeer;
  readonly receiver: BenchPeer;
  /** What the source has, and nobody else. */
  readonly gameId: string;
}

/** Games beside the one that a pair is measured with: the same by other ids, and what `make` makes in the games directory. */
export interface MoreGames {
  readonly ids?: readonly string[];
  readonly make?: (gamesDir: string) => Promise<void>;
}

/** Peers that stand ready on one machine or on the two ends of a link. They end with it. */
export class Stand implements AsyncDisposable {
  readonly #options: StandOptions;
  readonly #party = `bench-${randomBytes(6).toString("hex")}`;
  readonly #peers = new AsyncDisposableStack();

  constructor(options: StandOptions) {
    this.#options = options;
  }

  /**
   * Starts one that has these games: either made in its games directory by who calls, or the one game by another id.
   *
   * @param make called with the games directory before the peer starts
   */
  async source(
    name: string,
    lanes: number,
    games: readonly string[],
    make: (gamesDir: string) => Promise<void> = () => Promise.resolve(),
  ): Promise<BenchPeer> {
    const { game, place } = this.#options;
    const gamesDir = gamesDirOf(this.#directoryOf(name));
    for (const id of games) await linkGame(game, join(gamesDir, id));
    await make(gamesDir);
    return this.#start(name, lanes, place.sourcePrefix);
  }

  /** Starts one that has nothing. @param directory where its games and its state go; by default beside the others */
  async receiver(name: string, lanes: number, directory = this.#directoryOf(name)): Promise<BenchPeer> {
    await mkdir(gamesDirOf(directory), { recursive: true });
    return this.#start(name, lanes, this.#options.place.receiverPrefix, directory);
  }

  /** One source and one receiver with so many lanes each, connected. @param more what else the source has */
  async pair(lanes: number, more: MoreGames = {}): Promise<Pair> {
    const gameId = `with-${lanes}-lanes`;
    const [source, receiver] = await Promise.all([
      this.source(`source-${lanes}`, lanes, [gameId, ...(more.ids ?? [])], more.make),
      this.receiver(`receiver-${lanes}`, lanes),
    ]);
    await source.index(gameId);
    await receiver.meet(source);
    return { source, receiver, gameId };
  }

  /** Downloads of a pair's game. */
  downloads(label: string, { source, receiver, gameId }: Pair): Series {
    const { copies } = this.#options;
    return series(label, () => download({ receiver, sources: [source], gameId, copies }));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#peers.disposeAsync();
  }

  /** Where something of this name has its games and its state. */
  #directoryOf(name: string): string {
    return join(this.#options.directory, name);
  }

  async #start(
    name: string,
    lanes: number,
    prefix: readonly string[],
    directory = this.#directoryOf(name),
  ): Promise<BenchPeer> {
    const { place, signal } = this.#options;
    await mkdir(join(directory, "state"), { recursive: true, mode: 0o700 });
    const own = { name, lanes, directory, prefix, signal, party: this.#party, address: place.address };
    return this.#peers.use(await BenchPeer.start(own));
  }
}
