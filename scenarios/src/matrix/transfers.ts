import type { HarnessEvent } from "../harness-process.ts";

/** Bytes of one source, as the end event of a transfer counts them. */
export function bytesFrom(end: HarnessEvent, peerId: string): number {
  return ((end.data["sources"] ?? {}) as Readonly<Record<string, number>>)[peerId] ?? 0;
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
