import { z } from "zod";
import { boundedList, countSchema, rawPathSchema } from "./fields.ts";
import { gameIdSchema, gameVersionSchema, hashSchema } from "./ids.ts";
import { MAX_MANIFEST_FILES } from "./limits.ts";
import { manifestProblem } from "./manifest-rules.ts";

/** One file of a manifest: path relative to the game root, size in bytes. */
export const manifestFileSchema = z.strictObject({ path: rawPathSchema, size: countSchema });

/**
 * What a game consists of. Whatever passed this schema has also passed {@link manifestProblem}: its paths may be used on
 * every platform, its pieces can be counted. Whether `manifest_hash` is that of the list is for `digests.ts`.
 */
export const manifestSchema = z
  .strictObject({
    game_id: gameIdSchema,
    version: gameVersionSchema,
    manifest_hash: hashSchema,
    /** Null until the digests of all pieces are known. */
    content_id: hashSchema.nullable(),
    /** Bytes of every piece but a file's last one. */
    piece_size: countSchema,
    /** In the order of their paths' UTF-8 bytes; sizes in bytes. */
    files: boundedList(manifestFileSchema, MAX_MANIFEST_FILES),
  })
  .superRefine((manifest, context) => {
    const problem = manifestProblem(manifest);
    if (problem !== null) context.addIssue({ code: "custom", message: problem });
  });
export type Manifest = z.infer<typeof manifestSchema>;
