import type { KnownGame } from "../library/fixtures.ts";
import type { GamePlan } from "../library/make-game.ts";
import type { Stage } from "../stage/stage.ts";
import type { StagePeer } from "../stage/stage-peer.ts";

/** A client that sees sources, and the game that they all have. */
export interface Cast {
  readonly client: StagePeer;
  readonly sources: readonly [StagePeer, ...StagePeer[]];
  readonly game: KnownGame;
}

export interface CastOptions {
  /** Behind every name, where a scenario has several casts. */
  readonly suffix?: string;
  /** How many have the game; default 1. */
  readonly sources?: number;
  /** What the cable of each source carries away, Mbit/s, where there are cables: time for something to happen in the middle. */
  readonly upMbit?: number;
}

/** Starts an empty client and sources of one game, and waits until the client can download it from all of them. */
export async function cast(stage: Stage, plan: GamePlan, options: CastOptions = {}): Promise<Cast> {
  const { suffix = "" } = options;
  const names = Array.from({ length: options.sources ?? 1 }, (_, index) => `source-${index + 1}${suffix}`);
  const [client, first, ...more] = await Promise.all([
    stage.peer(`client${suffix}`),
    ...names.map((name) => stage.peer(name, { games: [plan] })),
  ]);
  if (first === undefined) throw new Error("a cast has at least one source");
  const sources = [first, ...more] as const;
  if (options.upMbit !== undefined && stage.hosts.isLan) {
    for (const { host } of sources) host.cable.shape({ upMbit: options.upMbit });
  }
  await client.isOffered(plan.id, sources.length);
  return { client, sources, game: await stage.know(plan) };
}
