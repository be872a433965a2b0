import type { HarnessEvent } from "../harness-process.ts";

/** With which events each kind of operation may end. */
const ENDS: Readonly<Record<string, readonly string[]>> = {
  downloading: [
    "download-finished",
    "download-failed",
    "download-cancelled",
    "download-peers-gone",
    "no-peers-have-game",
  ],
  installing: ["install-finished", "install-failed"],
  updating: ["install-finished", "install-failed"],
  uninstalling: ["uninstall-finished", "uninstall-failed"],
  removing: ["remove-finished", "remove-failed"],
  "stream-installing": ["stream-install-finished", "stream-install-failed", "download-cancelled"],
};

const END_EVENTS = new Set(Object.values(ENDS).flat());

/** Whether an event of this name ends an operation, or a part of one. */
export function isEndEvent(name: string): boolean {
  return END_EVENTS.has(name);
}

/** Whether an operation of this kind may end so. */
export function mayEndWith(kind: string, event: string): boolean {
  return ENDS[kind]?.includes(event) ?? false;
}

/** Kind of operation by game, where the event tells it. */
export function operationsIn({ event, data }: HarnessEvent): ReadonlyMap<string, string> | undefined {
  if (event !== "active-operations-changed") return undefined;
  const operations = data["operations"] as readonly { readonly game_id: string; readonly kind: string }[];
  return new Map(operations.map(({ game_id, kind }) => [game_id, kind]));
}
