import { z } from "zod";

type Branded<Base, Name extends string> = Base & { readonly "~brand": Name };

/** UUID (version 8) computed from a peer's public key; see {@link peerIdFromSpki} in `digests.ts`. Lower case. */
export type PeerId = Branded<string, "PeerId">;
/** Name of a game root: one path component, `^[a-z0-9][a-z0-9_-]{0,62}$`. */
export type GameId = Branded<string, "GameId">;
/** Index of a piece within its game: files in manifest order, pieces in file order, from 0. */
export type PieceIndex = Branded<number, "PieceIndex">;
/** SHA-256 as 64 lower-case hexadecimal digits. */
export type Hash = Branded<string, "Hash">;
/** A game's version in canonical form: digits alone, such as `20180412`; compared as a number. */
export type GameVersion = Branded<string, "GameVersion">;

const PEER_ID = /^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const GAME_ID = /^[a-z0-9][a-z0-9_-]{0,62}$/;
const HASH = /^[0-9a-f]{64}$/;
// 32 digits hold every date and every dotted version that people write; more is no version but an attack on the comparison.
const VERSION = /^[0-9]{1,32}$/;

const branded = <Name extends string>(pattern: RegExp, message: string) =>
  z.custom<Branded<string, Name>>((value) => typeof value === "string" && pattern.test(value), message);

export const peerIdSchema = branded<"PeerId">(PEER_ID, "not a peer id (a lower-case UUID of version 8)");
export const gameIdSchema = branded<"GameId">(
  GAME_ID,
  "not a game id (a-z, 0-9, _ and -, at most 63 characters)",
);
export const hashSchema = branded<"Hash">(HASH, "not a SHA-256 in lower-case hexadecimal digits");
export const gameVersionSchema = branded<"GameVersion">(
  VERSION,
  "not a version in canonical form (1 to 32 digits)",
);

/** @throws Error where `text` is no peer id. */
export function asPeerId(text: string): PeerId {
  return checked(peerIdSchema, text);
}

/** @throws Error where `text` is no game id. */
export function asGameId(text: string): GameId {
  return checked(gameIdSchema, text);
}

export function isGameId(text: string): text is GameId {
  return GAME_ID.test(text);
}

export function isHash(text: string): text is Hash {
  return HASH.test(text);
}

export function isGameVersion(text: string): text is GameVersion {
  return VERSION.test(text);
}

/** A piece's index from a plain number, which the caller knows to be a whole number from 0. */
export function asPieceIndex(index: number): PieceIndex {
  return index as PieceIndex;
}

/** Negative where `a` is older than `b`, 0 where they are the same version. Leading zeros do not count. */
export function compareVersions(a: GameVersion, b: GameVersion): number {
  const left = a.replace(/^0+/, "");
  const right = b.replace(/^0+/, "");
  if (left.length !== right.length) return left.length - right.length;
  return left < right ? -1 : left > right ? 1 : 0;
}

function checked<T>(schema: z.ZodType<T>, text: string): T {
  const result = schema.safeParse(text);
  if (!result.success) throw new Error(`${JSON.stringify(text)} is ${result.error.issues[0]?.message}`);
  return result.data;
}
