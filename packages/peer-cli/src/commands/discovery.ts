import { setTimeout as delay } from "node:timers/promises";
import { CommandError } from "../failure.ts";
import { withHint } from "../hints.ts";
import type { PeerLink } from "../link/peer-link.ts";
import { count } from "../report/format.ts";
import { describeIncompatible } from "../report/narrate.ts";
import type { CommandContext } from "../run-command.ts";

export interface DiscoveryOptions {
  /** The longest wait, seconds. */
  readonly seconds: number;
  /** Asked at the start and after every news; true ends the wait. */
  readonly enough?: (link: PeerLink) => Promise<boolean>;
}

/**
 * Lets a peer of one's own look around: it knows nobody when it starts. Returns at once for a peer that already
 * runs here. What is found is told on stderr.
 */
export async function discover(
  context: CommandContext,
  link: PeerLink,
  options: DiscoveryOptions,
): Promise<void> {
  if (link.ownership === "running" || options.seconds === 0) return;
  const { party } = await link.status();
  context.reporter.notice(`looking for peers in party "${party}", ${options.seconds} s at most`);
  const over = new AbortController();
  // Answers that come after the wait are of no use, and questions may overlap: the first that is satisfied ends it.
  const ask = (): void => {
    options.enough?.(link).then(
      (enough) => {
        if (enough) over.abort();
      },
      () => {},
    );
  };
  const leave = link.onEvent((event) => {
    if (event.type === "peer-discovered") {
      context.reporter.notice(`found ${event.name} (${event.addr}), ${count(event.gameCount, "game")}`);
    }
    if (event.type === "peer-incompatible") context.reporter.warn(describeIncompatible(event));
    if (event.type === "list-games" || event.type === "peer-discovered") ask();
  });
  try {
    ask();
    const ends = AbortSignal.any([over.signal, context.signal]);
    await delay(options.seconds * 1000, undefined, { signal: ends }).catch((error: unknown) => {
      if (!ends.aborted) throw error;
    });
    context.signal.throwIfAborted();
  } finally {
    leave();
  }
}

/**
 * Says that there is no network instead of that nobody is there.
 *
 * @throws CommandError `no-network-interface` where nobody is there because nobody can be found
 */
export async function requireNetwork(link: PeerLink): Promise<void> {
  const problem = link.networkProblem();
  if (problem === null || (await link.listPeers()).length > 0) return;
  throw new CommandError(withHint({ code: "no-network-interface", message: problem }));
}
