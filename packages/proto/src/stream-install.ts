import { z } from "zod";
import { countSchema, rawPathSchema } from "./fields.ts";
import { errorAnswerSchema } from "./messages.ts";

const MAX_CRC32 = 0xffff_ffff;
const frame = <Type extends string, Shape extends z.core.$ZodLooseShape>(type: Type, shape: Shape) =>
  z.strictObject({ type: z.literal(type), ...shape });

/**
 * Control frames of a streamed install, in this order: per archive `archive_begin`, then its `directory` entries and
 * files (`file_begin`, raw frames, `file_end`); `complete` after the last archive. `error` may come at any place and
 * ends the stream; it is also how a request is refused.
 */
export const streamControlSchema = z.discriminatedUnion("type", [
  frame("archive_begin", {
    /** The archive's path in the game root. */
    name: rawPathSchema,
    solid: z.boolean(),
    /** Bytes of all its files, unpacked. */
    unpacked_size: countSchema,
    /** Files and directories in it. */
    entries: countSchema,
  }),
  frame("directory", { path: rawPathSchema }),
  /** `size` in bytes; `mtime` in milliseconds since 1970-01-01 UTC. */
  frame("file_begin", { path: rawPathSchema, size: countSchema, mtime: z.int() }),
  /** CRC-32 (IEEE 802.3) of the file's bytes as an unsigned number; that of an empty file is 0. */
  frame("file_end", { crc32: z.int().nonnegative().max(MAX_CRC32) }),
  /** Totals of the whole stream: nothing may be promoted before they came and are right. */
  frame("complete", { files: countSchema, bytes: countSchema }),
  errorAnswerSchema,
]);
export type StreamControl = z.infer<typeof streamControlSchema>;
export type StreamControlType = StreamControl["type"];
