import { checkWirePath, gameIdSchema, gameNameSchema, hashSchema, PATH_RULES } from "@lanspread/proto";
import { z } from "zod";
import { canonicalVersion } from "../library/version.ts";
import { MAX_CATALOG_GAMES, MAX_NAME, MAX_TEXT } from "./constants.ts";

const versionSchema = z.string().transform((text, context) => {
  const version = canonicalVersion(text);
  if (version !== null) return version;
  context.addIssue({ code: "custom", message: "a version is digits and dots, such as 2018.04.12" });
  return z.NEVER;
});

const thumbnailSchema = z.string().superRefine((path, context) => {
  const refusal = checkWirePath(path);
  if (refusal !== null) {
    context.addIssue({
      code: "custom",
      message: `a thumbnail is a path beside the catalog: ${PATH_RULES[refusal.rule]}`,
    });
  }
});

/** One game of a catalog: what is the same for everybody. */
export const catalogEntrySchema = z.strictObject({
  id: gameIdSchema,
  /** As it is announced to others. */
  name: gameNameSchema,
  /** Canonical. The only version that is served or downloaded, where given. */
  version: versionSchema.optional(),
  genre: z.string().max(MAX_NAME).optional(),
  max_players: z.int().min(1).max(100_000).optional(),
  year: z.int().min(1950).max(9999).optional(),
  description: z.string().max(MAX_TEXT).optional(),
  /** Bytes, as the maker of the catalog measured them. */
  size: z.int().min(0).optional(),
  /** Relative to the catalog file. */
  thumbnail: thumbnailSchema.optional(),
  can_host_server: z.boolean().optional(),
  /** Pins the exact bytes. */
  content_id: hashSchema.optional(),
});

export type CatalogEntry = z.infer<typeof catalogEntrySchema>;

/** A whole catalog file. The entries are checked one by one, so that a problem can be told with the entry's id. */
export const catalogFileSchema = z.strictObject({
  format: z.literal(1),
  name: z.string().min(1).max(MAX_NAME),
  games: z.array(z.unknown()).max(MAX_CATALOG_GAMES),
});
