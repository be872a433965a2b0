import type { Harness, HarnessEvent } from "../harness-process.ts";

/** A number of an event's data; throws where the event has none, since a table of guesses proves nothing. */
export function numberField(event: HarnessEvent, name: string): number {
  const value = event.data[name];
  if (typeof value === "number") return value;
  throw new Error(`${event.event} has no number "${name}": ${JSON.stringify(event.data)}`);
}

export function textField(event: HarnessEvent, name: string): string {
  const value = event.data[name];
  if (typeof value === "string") return value;
  throw new Error(`${event.event} has no text "${name}": ${JSON.stringify(event.data)}`);
}

/** One game of `list-games`, as far as the demo looks at it. */
export interface ListedGameLine {
  readonly id: string;
  readonly version: string | null;
  readonly size: number;
  readonly peer_count: number;
}

/** The joint library as this peer sees it. */
export async function listGames(harness: Harness): Promise<readonly ListedGameLine[]> {
  const { games } = (await harness.send({ cmd: "list-games" })) as { games: readonly ListedGameLine[] };
  return games;
}
