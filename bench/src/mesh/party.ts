import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { now } from "../moment.ts";
import { COMPLETE_DEADLINE_MS, INDEXED_AT_ONCE, QUIET_MS } from "./constants.ts";
import type { PeerFolders } from "./games.ts";
import { MeshPeer } from "./mesh-peer.ts";
import type { Sample } from "./messages.ts";

export interface PartyOptions {
  readonly folders: readonly PeerFolders[];
  readonly gamesPerPeer: number;
  /** Where the processes run: a command line in front of theirs. */
  readonly prefix: readonly string[];
  readonly signal: AbortSignal;
}

/** What one start of a whole party took, ms. */
export interface StartTimes {
  /** From the moment at which the last peer listened until everybody saw everything. */
  readonly sinceListening: number;
  /** From the start of the last process; the boot of all processes is in it. */
  readonly sinceSpawned: number;
}

/** A number of real peers on 127.0.0.1 that find each other, and what they say. */
export class Party implements AsyncDisposable {
  readonly peers: readonly MeshPeer[];
  readonly #signal: AbortSignal;
  readonly #spawnedAt: number;
  #waiters: (() => void)[] = [];
  #messages = 0;

  private constructor({ folders, gamesPerPeer, prefix, signal }: PartyOptions, meets: boolean) {
    // Of its own in every run: several benches on one machine, or a real party on the same network, never meet.
    const party = `bench-${randomBytes(6).toString("hex")}`;
    this.#signal = signal;
    this.peers = folders.map(
      (own, index) =>
        new MeshPeer({
          folders: own,
          settings: {
            ...{ name: `peer-${index}`, party, gamesDir: own.gamesDir, stateDir: own.stateDir },
            ...{ meets, peers: folders.length, gamesPerPeer },
          },
          prefix,
          signal,
          changed: () => this.#wake(),
        }),
    );
    this.#spawnedAt = now();
    signal.addEventListener("abort", () => this.#wake(), { once: true });
  }

  /** Starts all of them at once, and waits until everybody sees everything. */
  static async start(options: PartyOptions): Promise<{ readonly party: Party; readonly times: StartTimes }> {
    const party = new Party(options, true);
    try {
      await party.until("everybody to see everything", COMPLETE_DEADLINE_MS, () =>
        party.peers.every(({ complete }) => complete !== null),
      );
      const ready = Math.max(...party.peers.map((peer) => peer.ready?.at ?? 0));
      const complete = Math.max(...party.peers.map((peer) => peer.complete?.at ?? 0));
      const times = { sinceListening: complete - ready, sinceSpawned: complete - party.#spawnedAt };
      return { party, times };
    } catch (error) {
      await party[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Has every library read and hashed once, so that a start is one of many and not the first. */
  static async index({ folders, ...options }: PartyOptions): Promise<void> {
    for (let from = 0; from < folders.length; from += INDEXED_AT_ONCE) {
      const some = folders.slice(from, from + INDEXED_AT_ONCE);
      await using party = new Party({ ...options, folders: some }, false);
      await party.until("every library to be indexed", COMPLETE_DEADLINE_MS, () =>
        party.peers.every(({ own }) => own?.games === options.gamesPerPeer && own.unhashed === 0),
      );
    }
  }

  /**
   * Waits for a condition that becomes true by something that a peer says. Nobody is asked meanwhile: asking would cost what is
   * to be measured.
   *
   * @throws Error at the deadline, and when a peer has ended
   */
  async until(what: string, deadlineMs: number, isSo: () => boolean): Promise<void> {
    const end = now() + deadlineMs;
    for (;;) {
      this.#signal.throwIfAborted();
      for (const peer of this.peers) peer.throwIfEnded();
      if (isSo()) return;
      const left = end - now();
      if (left <= 0) throw new Error(`waited ${deadlineMs} ms for ${what}; ${await this.#shown()}`);
      await this.#something(left);
    }
  }

  /** Waits until nobody has said anything for a while. */
  async quiet(): Promise<void> {
    let heard = -1;
    while (heard !== this.#messages) {
      heard = this.#messages;
      await this.rest(QUIET_MS);
    }
  }

  others(owner: MeshPeer): readonly MeshPeer[] {
    return this.peers.filter((peer) => peer !== owner);
  }

  /** What all of them have used since their starts, each for itself. */
  sample(): Promise<readonly Sample[]> {
    return Promise.all(this.peers.map((peer) => peer.sample()));
  }

  /** Bytes that have gone over the loopback interface that the party uses: both directions are one there. */
  loopbackBytes(): number {
    const devices = readFileSync(`/proc/${this.peers[0]?.pid ?? "self"}/net/dev`, "utf8");
    return Number(/^\s*lo:\s*(\d+)/m.exec(devices)?.[1]);
  }

  /** Lets time go by. */
  async rest(ms: number): Promise<void> {
    await delay(ms, undefined, { signal: this.#signal });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.peers.map((peer) => peer[Symbol.asyncDispose]()));
  }

  /** What everybody shows, in words for an error. */
  async #shown(): Promise<string> {
    const samples = await this.sample();
    return samples.map(({ games, peers }, i) => `peer-${i}: ${games} games, ${peers} others`).join("; ");
  }

  async #something(limitMs: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#waiters.push(resolve);
    const timer = setTimeout(resolve, limitMs);
    await promise;
    clearTimeout(timer);
  }

  #wake(): void {
    this.#messages += 1;
    for (const resolve of this.#waiters.splice(0)) resolve();
  }
}
