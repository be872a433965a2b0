import { z } from "zod";
import { gameIdSchema } from "../ids.ts";
import { localPathSchema } from "./commands.ts";
import type { RuntimeEvent } from "./events.ts";

/** Longest command line, bytes: a path and room to spare. Longer lines are refused unread. */
export const MAX_COMMAND_LINE_BYTES = 64 * 1024;
const DEFAULT_WAIT_MS = 10_000;
const MAX_WAIT_MS = 3_600_000;

/** Correlates answers with commands; chosen by the client. */
export const harnessIdSchema = z.union([z.int(), z.string().max(200)]);
const game = { game_id: gameIdSchema };
const command = <Name extends string, Shape extends z.core.$ZodLooseShape>(cmd: Name, shape: Shape) =>
  z.strictObject({ id: harnessIdSchema, cmd: z.literal(cmd), ...shape });

/** One line of input of the harness and of the control socket. */
export const harnessCommandSchema = z.discriminatedUnion("cmd", [
  command("status", {}),
  command("list-peers", {}),
  command("list-games", {}),
  command("connect", { addr: z.string().min(1).max(300) }),
  command("set-game-dir", { path: localPathSchema }),
  command("get-game", game),
  command("download", { ...game, install: z.boolean().default(true), latest: z.boolean().default(false) }),
  command("install", game),
  command("stream-install", game),
  command("uninstall", game),
  command("remove-download", game),
  command("cancel-download", game),
  command("wait-peers", {
    count: z.int().nonnegative(),
    timeout_ms: z.int().nonnegative().max(MAX_WAIT_MS).default(DEFAULT_WAIT_MS),
  }),
  command("shutdown", {}),
]);
export type HarnessCommand = z.output<typeof harnessCommandSchema>;
export type HarnessCommandName = HarnessCommand["cmd"];
/** A command as a client writes it, without its id. */
export type HarnessCommandInput =
  z.input<typeof harnessCommandSchema> extends infer Command
    ? Command extends { id: unknown }
      ? Omit<Command, "id">
      : never
    : never;

const data = z.record(z.string(), z.unknown());

/** One line of output. */
export const harnessLineSchema = z.discriminatedUnion("type", [
  z.strictObject({ type: z.literal("result"), id: harnessIdSchema, cmd: z.string(), data }),
  z.strictObject({
    type: z.literal("error"),
    id: harnessIdSchema.nullable(),
    cmd: z.string().nullable(),
    code: z.string(),
    message: z.string(),
    hint: z.string().optional(),
  }),
  z.strictObject({ type: z.literal("event"), event: z.string(), time: z.number(), data }),
]);
export type HarnessLine = z.infer<typeof harnessLineSchema>;
export type HarnessEventLine = Extract<HarnessLine, { type: "event" }>;

/** An event of the runtime as a line of output. @param time milliseconds since the epoch */
export function toHarnessEvent(event: RuntimeEvent, time: number): HarnessEventLine {
  const { type, ...payload } = event;
  return { type: "event", event: type, time, data: toSnakeCase(onTheLine(payload)) };
}

/** The lines of progress have a fixed set of fields that programs rely on: the rates of the sources are none of them. */
function onTheLine(payload: object): object {
  if (!("rates" in payload)) return payload;
  const { rates: _, ...rest } = payload;
  return rest;
}

/**
 * The same value with its field names in snake_case. Keys that are values (peer ids, game ids) have no capitals and
 * so stay as they are.
 */
export function toSnakeCase(value: object): Record<string, unknown> {
  return Object.fromEntries(Object.entries(value).map(([key, field]) => [snake(key), convert(field)]));
}

function convert(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(convert);
  return typeof value === "object" && value !== null ? toSnakeCase(value) : value;
}

function snake(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
