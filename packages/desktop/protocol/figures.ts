import { PROGRESS_EVENT_TYPES, type RuntimeEvent } from "@lanspread/proto";

/** Whether an event says nothing but figures, which the next one says again. */
export function isFigures({ type }: RuntimeEvent): boolean {
  return PROGRESS_EVENT_TYPES.has(type);
}

/** What an event of figures is replaced by: the next one of the same name says all that this one does. Null where none does. */
export function replacedBy(event: RuntimeEvent): string | null {
  switch (event.type) {
    case "download-progress":
    case "install-progress":
    case "remove-progress":
      return `${event.type} ${event.gameId}`;
    case "outbound-progress":
      return event.type;
    default:
      return null;
  }
}
