import type { RuntimeEvent } from "@lanspread/proto";
import { gameIdSchema, runtimeCommandSchema } from "@lanspread/proto";
import { z } from "zod";
import { logNameSchema } from "./logs.ts";
import { LANGUAGES, settingsChangeSchema } from "./settings.ts";
import type { DesktopSnapshot } from "./snapshot.ts";

/** Correlates an answer with what was asked; chosen by the page. */
const idSchema = z.int().nonnegative();

const ask = <Type extends string, Shape extends z.core.$ZodLooseShape>(type: Type, shape: Shape) =>
  z.strictObject({ type: z.literal(type), id: idSchema, ...shape });

/** A run is named by a UUID. */
const MAX_RUN_NAME = 36;

/** Of the page: games are told it where none was chosen. */
const languageSchema = z.enum(LANGUAGES).optional();

/** What a page asks of the shell. Each is answered once. */
export const pageMessageSchema = z.discriminatedUnion("type", [
  /** For the runtime, as it is. */
  ask("command", { command: runtimeCommandSchema }),
  /** Fields that are left out stay as they are. */
  ask("change-settings", { change: settingsChangeSchema }),
  /** Whether anybody is there: a process that was stopped leaves its connections open. */
  ask("alive", {}),
  /** Opens another window. */
  ask("open-window", {}),
  /** Brings a window to the front, or opens another one: what a second start does instead of starting. */
  ask("show-window", {}),
  /** Who sends this is a window, and has the focus or not. */
  ask("tell-focus", { has: z.boolean() }),
  /** Shows the folder of all games in the file manager. */
  ask("open-games-folder", {}),
  /** Ends the app. */
  ask("quit", {}),
  /** Starts an installed game, or its set-up where that has never been started: {@link Played}. */
  ask("play", { gameId: gameIdSchema, language: languageSchema }),
  ask("start-server", { gameId: gameIdSchema, language: languageSchema }),
  /**
   * Lines of a log behind a number of a run; from the first one where that run is over. Answered with a `LogPart` when there
   * are some, or after a while.
   */
  ask("read-log", {
    log: logNameSchema,
    run: z.string().max(MAX_RUN_NAME).nullable(),
    after: z.int().nonnegative(),
  }),
  /** Shows the game's folder in the file manager. */
  ask("open-folder", { gameId: gameIdSchema }),
  /** {@link GameDetails} of a game. */
  ask("look-at-game", { gameId: gameIdSchema }),
  /** `FolderListing` of a path; of the home folder for null. */
  ask("list-folder", { path: z.string().nullable() }),
  /** Makes a folder in another one; answered with its path. */
  ask("make-folder", { parent: z.string(), name: z.string() }),
  /** A `NetworkChoice` for each own address. */
  ask("networks", {}),
  /** {@link PartyView}. */
  ask("party", {}),
]);
export type PageMessage = z.input<typeof pageMessageSchema>;
/** A message without the id that its sender gives it. */
export type PageRequest = PageMessage extends infer Message
  ? Message extends { readonly id: number }
    ? Omit<Message, "id">
    : never
  : never;

/** What was started: a set-up runs once, and the game is started by the next wish to play. */
export interface Played {
  readonly started: "set-up" | "game";
}

/** Why something that was asked for did not happen: code and hint of the runtime's errors, for people. */
export interface Refusal {
  readonly code: string;
  readonly message: string;
  readonly hint?: string;
}

/** What the shell says to a page. A snapshot comes first, and again whenever the page may have missed something. */
export type ShellMessage =
  | { readonly type: "snapshot"; readonly snapshot: DesktopSnapshot }
  | { readonly type: "event"; readonly event: RuntimeEvent }
  /** Events that say nothing but figures, in their order: the last ones of each kind since the last message. */
  | { readonly type: "figures"; readonly events: readonly RuntimeEvent[] }
  /** How many windows there are now. */
  | { readonly type: "windows"; readonly count: number }
  | { readonly type: "answer"; readonly id: number; readonly data: unknown }
  | { readonly type: "refusal"; readonly id: number; readonly refusal: Refusal };
