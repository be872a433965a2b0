import { join } from "node:path";
import { beside } from "../beside.ts";
import { Child } from "../child.ts";
import type { Answers, HowToInstall, Listening, PeerIsTold, PeerSettings, Sample } from "./messages.ts";

const HOST = beside(import.meta.url, "./hosts/peer");

/** Where peers run, and how they are reached there. */
export interface Place {
  /** What stands before the command line of who serves, and of who fetches. */
  readonly sourcePrefix: readonly string[];
  readonly receiverPrefix: readonly string[];
  /** The only address to use; null: whatever the network namespace has. */
  readonly address: string | null;
}

export const LOOPBACK: Place = { sourcePrefix: [], receiverPrefix: [], address: "127.0.0.1" };

export interface BenchPeerOptions {
  readonly name: string;
  readonly party: string;
  /** A directory of its own: its games and its state are in it. */
  readonly directory: string;
  readonly lanes: number;
  readonly address: string | null;
  readonly prefix: readonly string[];
  readonly signal: AbortSignal;
}

/** Settings of a peer below a directory of its own. */
export function peerSettings(options: Omit<BenchPeerOptions, "prefix" | "signal">): PeerSettings {
  const { name, party, directory, lanes, address } = options;
  return { name, party, lanes, address, gamesDir: gamesDirOf(directory), stateDir: join(directory, "state") };
}

/** Where a peer below a directory has its games. */
export function gamesDirOf(directory: string): string {
  return join(directory, "games");
}

/** A real peer in a process of its own. One thing is asked of it at a time. */
export class BenchPeer implements AsyncDisposable {
  readonly settings: PeerSettings;
  readonly addr: string;
  readonly #child: Child;

  private constructor(settings: PeerSettings, addr: string, child: Child) {
    this.settings = settings;
    this.addr = addr;
    this.#child = child;
  }

  /** Starts it, and waits until it listens. Its games directory is there. */
  static async start(options: BenchPeerOptions): Promise<BenchPeer> {
    const { prefix, signal } = options;
    const settings = peerSettings(options);
    const child = new Child({ prefix, module: HOST, settings, signal });
    try {
      const { addr } = (await child.says()) as Listening;
      return new BenchPeer(settings, addr, child);
    } catch (error) {
      await child[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Resolves when it has these games with their digests. */
  async index(...games: string[]): Promise<void> {
    await this.#ask({ kind: "index", games });
  }

  async meet(source: BenchPeer): Promise<void> {
    await this.#ask({ kind: "meet", addr: source.addr });
  }

  /** Fetches a game that so many sources have, and that it has no longer. */
  fetch(gameId: string, sources: number): Promise<Answers["fetch"]> {
    return this.#ask({ kind: "fetch", gameId, sources });
  }

  /** Fetches and installs a game that one source has, and that it has no longer. */
  install(gameId: string, how: HowToInstall): Promise<Answers["install"]> {
    return this.#ask({ kind: "install", gameId, how });
  }

  sample(): Promise<Sample> {
    return this.#ask({ kind: "sample" });
  }

  /** Where it has a game. */
  rootOf(gameId: string): string {
    return join(this.settings.gamesDir, gameId);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#child[Symbol.asyncDispose]();
  }

  async #ask<Asked extends PeerIsTold>(asked: Asked): Promise<Answers[Asked["kind"]]> {
    this.#child.tell(asked);
    return (await this.#child.says()) as Answers[Asked["kind"]];
  }
}
