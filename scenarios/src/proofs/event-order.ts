import type { HarnessEvent } from "../harness-process.ts";
import { isEndEvent, mayEndWith, operationsIn } from "./operations.ts";

/** One game of `local-library-changed`, as far as it is looked at. */
interface LocalGame {
  readonly id: string;
  readonly downloaded: boolean;
  readonly installed: boolean;
}

/** What an end event says about the game that the library must have said before it. */
const SAYS: Readonly<Record<string, Partial<LocalGame>>> = {
  "download-finished": { downloaded: true },
  "install-finished": { installed: true },
  "uninstall-finished": { installed: false },
  "remove-finished": { downloaded: false, installed: false },
  "stream-install-finished": { installed: true, downloaded: false },
};

interface Slot {
  readonly kind: string;
  /** The operation is not listed any more: its end event is the next that may come of the game. */
  readonly isOver: boolean;
  /** It has gone on as another kind, and the end event of its first part has not come yet. */
  readonly owedKind: string | null;
}

/**
 * Checks the order that every operation keeps: listed as active, the library's change, no longer listed, one end event, and
 * nothing of that operation behind it. Returns what is wrong, one sentence each.
 *
 * @param events all of one life of a peer
 * @param wasKilled an operation may be open at the end then
 */
export function checkEventOrder(
  events: readonly HarnessEvent[],
  { wasKilled }: { readonly wasKilled: boolean },
): readonly string[] {
  const wrong: string[] = [];
  const slots = new Map<string, Slot>();
  let active: ReadonlyMap<string, string> = new Map();
  let library = new Map<string, LocalGame>();
  let libraryText = "";

  if (events.length > 0 && events[0]?.event !== "local-peer-ready") {
    wrong.push(`the first event is ${events[0]?.event}, not local-peer-ready`);
  }

  const takeOperations = (now: ReadonlyMap<string, string>): void => {
    if (sameMap(active, now)) wrong.push("active-operations-changed says what it said before");
    for (const [id, kind] of now) {
      const slot = slots.get(id);
      if (slot === undefined) slots.set(id, { kind, isOver: false, owedKind: null });
      else if (slot.isOver) wrong.push(`${id}: ${kind} begins before ${slot.kind} has ended`);
      else if (slot.kind !== kind) slots.set(id, { kind, isOver: false, owedKind: slot.kind });
    }
    for (const [id, slot] of slots) {
      if (!now.has(id) && !slot.isOver) slots.set(id, { ...slot, isOver: true });
    }
    active = now;
  };

  const takeLibrary = (data: HarnessEvent["data"]): void => {
    // With its revision: a change that comes while another is being published is told again under the next one.
    const text = JSON.stringify(data);
    if (text === libraryText) wrong.push("local-library-changed says what it said before");
    libraryText = text;
    const now = new Map((data["games"] as readonly LocalGame[]).map((game) => [game.id, game]));
    for (const [id, slot] of slots) {
      if (slot.isOver && JSON.stringify(library.get(id)) !== JSON.stringify(now.get(id))) {
        wrong.push(`${id}: the library changes between the end of ${slot.kind} and its end event`);
      }
    }
    library = now;
  };

  const takeEnd = (name: string, id: string): void => {
    const slot = slots.get(id);
    if (slot === undefined) {
      wrong.push(`${id}: ${name} ends nothing`);
    } else if (slot.owedKind !== null && mayEndWith(slot.owedKind, name)) {
      slots.set(id, { ...slot, owedKind: null });
      // A part that has ended says nothing yet: the library tells of the game when the whole operation is over.
      return;
    } else if (!slot.isOver) {
      wrong.push(`${id}: ${name} comes while ${slot.kind} is still listed as active`);
    } else if (!mayEndWith(slot.kind, name)) {
      wrong.push(`${id}: ${slot.kind} ends with ${name}`);
    } else if (slot.owedKind !== null) {
      wrong.push(`${id}: ${slot.owedKind} never ended`);
    }
    slots.delete(id);
    for (const [field, value] of Object.entries(SAYS[name] ?? {})) {
      const said = library.get(id)?.[field as keyof LocalGame] ?? false;
      if (said !== value) wrong.push(`${id}: ${name}, but the library said ${field}: ${String(said)}`);
    }
  };

  for (const event of events) {
    const operations = operationsIn(event);
    const id = event.data["game_id"];
    if (operations !== undefined) takeOperations(operations);
    else if (event.event === "local-library-changed") takeLibrary(event.data);
    else if (typeof id !== "string") continue;
    else if (isEndEvent(event.event)) takeEnd(event.event, id);
    else if (slots.get(id)?.isOver !== false) wrong.push(`${id}: ${event.event} outside an operation`);
  }
  if (!wasKilled) for (const [id, slot] of slots) wrong.push(`${id}: ${slot.kind} has no end event`);
  return wrong;
}

function sameMap(a: ReadonlyMap<string, string>, b: ReadonlyMap<string, string>): boolean {
  return a.size === b.size && [...a].every(([key, value]) => b.get(key) === value);
}
