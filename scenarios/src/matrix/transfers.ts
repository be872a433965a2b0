import type { HarnessEvent } from "../harness-process.ts";
import { prove } from "../proofs/prove.ts";

/** Bytes of one source, as the end event of a transfer counts them. @throws Error where that does not say who sent how much */
export function bytesFrom(end: HarnessEvent, peerId: string): number {
  const sources = end.data["sources"] as Readonly<Record<string, number>> | undefined;
  prove(sources !== undefined, `${end.event} says how much each source sent: ${JSON.stringify(end.data)}`);
  return sources[peerId] ?? 0;
}

/** Bytes of one source, as the events of finished chunks tell them. */
export function chunkBytesFrom(events: readonly HarnessEvent[], peerId: string): number {
  return events
    .filter(({ event, data }) => event === "download-chunk-finished" && data["peer_id"] === peerId)
    .reduce((sum, { data }) => sum + Number(data["length"]), 0);
}

/** A list of ids that an event carries, sorted; empty where it carries none. */
export function idsIn(event: HarnessEvent | undefined, field: string): readonly string[] {
  return [...((event?.data[field] ?? []) as readonly string[])].sort();
}

export function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}

/** The one in the middle of an odd number. */
export function medianOf(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}
