import { type GameId, isGameId } from "@lanspread/proto";
import {
  FOREIGN_NAMES,
  isForeignName,
  isLocalName,
  isReservedName,
  LOCAL_NAME,
  RESERVED_NAMES,
  SENTINEL_NAME,
} from "../storage/index.ts";
import { ARCHIVE_EXTENSION } from "./constants.ts";
import type { RootNews } from "./look-pace.ts";

/** What happened at a path, as the watcher of the system says. */
export type WatchEventType = "create" | "update" | "delete";

/** What an event in the games directory calls for. Nothing more is read out of it: the disk is looked at. */
export type EventMeaning =
  | { readonly kind: "nothing" }
  /** The games directory itself; gone from its path, or something else has happened to it. */
  | { readonly kind: "games-directory"; readonly gone: boolean }
  /** A direct child of it has come, gone or been replaced; null where its name is no game's. */
  | { readonly kind: "child"; readonly id: GameId | null }
  | {
      readonly kind: "root";
      readonly id: GameId;
      /** The change does not show in the fingerprint: the payload is to be listed. */
      readonly walk: boolean;
      /** The sentinel, or `local/`: with them a game comes and goes. */
      readonly urgent: boolean;
      /** A directory may have come, and what it held already was reported by nobody. */
      readonly fresh: boolean;
    };

/** Between components, inside a character class. Windows has the second one. */
const SEPARATORS = "/\\\\";
/** What a game's id looks like. */
const GAME_ID_SOURCE = "[a-z0-9][a-z0-9_-]{0,62}";
/** Line ends are characters of names, too. */
const ANYTHING = "[\\s\\S]*";

const NOTHING: EventMeaning = { kind: "nothing" };

/** @param path relative to the games directory, with `/` or `\` between components */
export function meaningOf(path: string, type: WatchEventType): EventMeaning {
  // Every file of a download comes by here.
  const all = path.includes("\\") ? path.split(/[/\\]/u) : path.split("/");
  const components = all.every(isName) ? all : all.filter(isName);
  const [id, name, ...rest] = components;
  if (id === undefined) return { kind: "games-directory", gone: type === "delete" };
  // A name with a dot before it is neither a game nor worth a warning.
  if (!isGameId(id)) return name !== undefined || id.startsWith(".") ? NOTHING : { kind: "child", id: null };
  if (name === undefined) return { kind: "child", id };
  if (isForeignName(name) || components.some(isReservedName)) return NOTHING;
  const direct = rest.length === 0;
  if (isLocalName(name)) return direct ? look(id, { urgent: true }) : NOTHING;
  if (direct && name === SENTINEL_NAME) return look(id, { urgent: true });
  // Size and time of an archive are in the fingerprint.
  if (direct && name.toLowerCase().endsWith(ARCHIVE_EXTENSION)) return look(id, {});
  return look(id, { walk: true, fresh: type === "create" });
}

function isName(component: string): boolean {
  return component !== "" && component !== ".";
}

function look(
  id: GameId,
  what: { readonly walk?: boolean; readonly urgent?: boolean; readonly fresh?: boolean },
): EventMeaning {
  return { kind: "root", id, walk: false, urgent: false, fresh: false, ...what };
}

/** What a batch of events says. */
export interface News {
  /** Something happened to the games directory itself. */
  readonly gamesDirectory: boolean;
  /** That it is no longer at its path. */
  readonly isGone: boolean;
  /** Direct children have come or gone. */
  readonly children: boolean;
  readonly roots: ReadonlyMap<GameId, RootNews>;
}

/** @param events paths relative to the games directory */
export function newsOf(events: readonly { readonly path: string; readonly type: WatchEventType }[]): News {
  let gamesDirectory = false;
  let isGone = false;
  let children = false;
  const roots = new Map<GameId, RootNews>();
  for (const { path, type } of events) {
    const meaning = meaningOf(path, type);
    if (meaning.kind === "nothing") continue;
    if (meaning.kind === "games-directory") {
      gamesDirectory = true;
      isGone ||= meaning.gone;
    }
    if (meaning.kind === "child") children = true;
    if (meaning.kind === "games-directory" || meaning.id === null) continue;
    // A root that comes is full of what nobody reports.
    const { walk, urgent, fresh } =
      meaning.kind === "root" ? meaning : { walk: false, urgent: true, fresh: true };
    const before = roots.get(meaning.id);
    roots.set(meaning.id, {
      walk: walk || before?.walk === true,
      urgent: urgent || before?.urgent === true,
      fresh: fresh || before?.fresh === true,
      events: (before?.events ?? 0) + 1,
    });
  }
  return { gamesDirectory, isGone, children, roots };
}

/**
 * What the watcher leaves out by itself, of paths relative to the games directory: nothing below it is descended into, so
 * it costs neither watches nor events.
 *
 * Of `local` only the children are named, not `local` itself: its coming and going is how an install is noticed, and a
 * directory whose children are all left out is not descended into either. The same goes for directories that are no
 * game roots by their name.
 *
 * The watcher asks for every path of the tree, and for every event, those of a download's files included. So each of these is given
 * up at the first component of most paths. They have to match a path as a whole, and must have no flags.
 */
export const IGNORED_IN_GAMES_DIR: readonly RegExp[] = [
  ...ignoredBelow(`[^${SEPARATORS}]+[${SEPARATORS}]`),
  new RegExp(`^(?!${GAME_ID_SOURCE}[${SEPARATORS}])[^${SEPARATORS}]+[${SEPARATORS}]${ANYTHING}$`),
];

/** The same relative to one game root. */
export const IGNORED_IN_ROOT: readonly RegExp[] = ignoredBelow("");

/** @param root how a path begins that leads into a game root */
function ignoredBelow(root: string): RegExp[] {
  const below = `[${SEPARATORS}]${ANYTHING}`;
  const local = `${inAnyCase(LOCAL_NAME)}${below}`;
  const foreign = `(?:${FOREIGN_NAMES.map(inAnyCase).join("|")})(?:${below})?`;
  // The dot that all of them begin with is asked for once, and hardly any component has it.
  const names = RESERVED_NAMES.map((name) => inAnyCase(name.slice(1))).join("|");
  const reserved = `(?:${ANYTHING}[${SEPARATORS}])?\\.(?:${names})(?:${below})?`;
  return [new RegExp(`^${root}(?:${local}|${foreign}|${reserved})$`)];
}

/** A name in any spelling of upper and lower case, for an expression without flags. */
function inAnyCase(name: string): string {
  return name.replaceAll(".", "\\.").replaceAll(/[a-z]/gu, (letter) => `[${letter}${letter.toUpperCase()}]`);
}
