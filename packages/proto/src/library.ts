import { z } from "zod";
import { boundedList, countSchema, gameNameSchema } from "./fields.ts";
import { gameIdSchema, gameVersionSchema, hashSchema } from "./ids.ts";
import { MAX_LIBRARY_GAMES } from "./limits.ts";

/** `ready`: may be asked for now. `local_only`: there, but not to be had. */
export const availabilitySchema = z.enum(["ready", "local_only"]);
export type Availability = z.infer<typeof availabilitySchema>;

/** What a peer announces of one game. */
export const gameSummarySchema = z
  .strictObject({
    id: gameIdSchema,
    name: gameNameSchema,
    version: gameVersionSchema,
    /** Bytes of all files of the manifest. */
    size: countSchema,
    downloaded: z.boolean(),
    installed: z.boolean(),
    manifest_hash: hashSchema,
    /** Null until the digests of all pieces are known. */
    content_id: hashSchema.nullable(),
    availability: availabilitySchema,
  })
  .refine((game) => game.downloaded || game.availability !== "ready", {
    message: "is ready without being downloaded",
    path: ["availability"],
  });
export type GameSummary = z.infer<typeof gameSummarySchema>;

const games = boundedList(gameSummarySchema, MAX_LIBRARY_GAMES);
const TWICE = "names a game twice";

/** A complete library at one revision; each game once. */
export const librarySnapshotSchema = z
  .strictObject({ library_rev: countSchema, games })
  .refine((snapshot) => areUnique(snapshot.games), { message: TWICE, path: ["games"] });
export type LibrarySnapshot = z.infer<typeof librarySnapshotSchema>;

/** What changed between two published revisions; each game in one of the lists, once. */
export const libraryChangeSchema = z
  .strictObject({
    from_rev: countSchema,
    to_rev: countSchema,
    added: games,
    updated: games,
    removed: boundedList(gameIdSchema, MAX_LIBRARY_GAMES),
  })
  .refine(
    ({ added, updated, removed }) => areUnique([...added, ...updated, ...removed.map((id) => ({ id }))]),
    TWICE,
  );
export type LibraryChange = z.infer<typeof libraryChangeSchema>;

function areUnique(items: readonly { readonly id: string }[]): boolean {
  return new Set(items.map((item) => item.id)).size === items.length;
}
