import { z } from "zod";

/** The event that is the first line at a control socket: who is there, even while it still starts. */
const GREETING_EVENT = "control-ready";

const greetingSchema = z.object({
  type: z.literal("event"),
  event: z.literal(GREETING_EVENT),
  data: z.object({ pid: z.int().positive(), name: z.string() }),
});

export interface Greeting {
  readonly pid: number;
  readonly name: string;
}

export function formatGreeting(greeting: Greeting): string {
  return JSON.stringify({ type: "event", event: GREETING_EVENT, time: Date.now(), data: greeting });
}

/** Null for a line that is no greeting. */
export function parseGreeting(line: string): Greeting | null {
  try {
    return greetingSchema.parse(JSON.parse(line)).data;
  } catch {
    return null;
  }
}
