import type { RuntimeEvent } from "@lanspread/proto";

/** Fields whose values are no objects of ours: keyed by game or peer, or written as they are on the wire. */
const KEPT: ReadonlySet<string> = new Set(["manifest", "outboundTransfers", "sources"]);

/** The data of a result or event line with the field names that the runtime uses. */
export function toCamelCase(value: object): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(value).map(([key, field]) => {
      const name = key.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
      return [name, KEPT.has(name) ? field : convert(field)];
    }),
  );
}

function convert(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(convert);
  return typeof value === "object" && value !== null ? toCamelCase(value) : value;
}

/** An event line as the runtime's event. Both come from the same program: the line is trusted to be one. */
export function toRuntimeEvent(event: string, data: object): RuntimeEvent {
  return { type: event, ...toCamelCase(data) } as RuntimeEvent;
}
