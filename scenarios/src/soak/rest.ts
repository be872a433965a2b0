import { setTimeout as delay } from "node:timers/promises";
import { LOOK_AGAIN_MS, REST_DEADLINE_MS } from "./constants.ts";
import type { SoakPeer } from "./soak-peer.ts";
import { type Difference, differencesOf, type PeerTruth } from "./view.ts";

/** How a rest went. */
export interface Rest {
  /** Until all views were equal to the disks, ms; the whole deadline where they were not. */
  readonly afterMs: number;
  /** What was still wrong at the deadline. */
  readonly differences: readonly Difference[];
  /** One of those that were seen last before all was equal; null where it was at the first look. */
  readonly last: Difference | null;
  /** Peers that ran, and games on their disks. */
  readonly peers: number;
  readonly games: number;
}

/**
 * Waits until every running peer shows what is on the disks of all running peers, and nothing else.
 *
 * @throws the signal's reason
 */
export async function settle(peers: readonly SoakPeer[], signal: AbortSignal): Promise<Rest> {
  const startedAt = performance.now();
  let last: Difference | null = null;
  for (;;) {
    signal.throwIfAborted();
    const truths = (await Promise.all(peers.map((peer) => peer.truth()))).filter((truth) => truth !== null);
    const differences = await compare(peers, truths);
    const afterMs = performance.now() - startedAt;
    if (differences.length === 0 || afterMs >= REST_DEADLINE_MS) {
      const games = truths.reduce((sum, truth) => sum + truth.games.length, 0);
      return { afterMs, differences, last, peers: truths.length, games };
    }
    last = differences[0] ?? null;
    await delay(LOOK_AGAIN_MS, undefined, { signal });
  }
}

async function compare(
  peers: readonly SoakPeer[],
  truths: readonly PeerTruth[],
): Promise<readonly Difference[]> {
  const found = await Promise.all(
    truths.map(async (truth) => {
      const viewer = peers.find(({ name }) => name === truth.name);
      if (viewer === undefined) return [];
      const others = truths.filter((other) => other !== truth);
      return differencesOf(truth, await viewer.view(), others);
    }),
  );
  return found.flat();
}
