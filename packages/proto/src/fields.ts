import { z } from "zod";
import { MAX_GAME_NAME_LENGTH, MAX_NAME_LENGTH } from "./limits.ts";
import { parseListenAddress } from "./listen-address.ts";
import { hasMisleadingCharacters } from "./text.ts";

/** Byte count, offset or counter: a whole number from 0 below 2^53. */
export const countSchema = z.int().nonnegative();

/**
 * A path as it came. Its length is bounded by the frame alone, since the path rules (`paths.ts`) are asked apart: their
 * refusal names path and rule.
 */
export const rawPathSchema = z.string();

const shown = (maxLength: number) =>
  z
    .string()
    .min(1)
    .max(maxLength)
    .refine(
      (text) => text.isWellFormed() && !hasMisleadingCharacters(text),
      "has characters that break or turn the text around it",
    );

/** Name of a peer or a party, shown to people. */
export const nameSchema = shown(MAX_NAME_LENGTH);

/** Name of a game, shown to people. */
export const gameNameSchema = shown(MAX_GAME_NAME_LENGTH);

/** A listener as "ip:port", IPv6 in brackets. */
export const listenAddressSchema = z
  .string()
  .refine(
    (text) => parseListenAddress(text) !== null,
    "not an address with a port, such as 192.168.1.7:4000",
  );

/**
 * A list of at most `max` items. Unlike `z.array` it looks at the length before the items and stops at the first bad
 * one: a list of millions of wrong items must not become millions of issues.
 */
export function boundedList<Item>(item: z.ZodType<Item>, max: number) {
  return z.unknown().transform((value, context): Item[] => {
    const refuse = (message: string, path: PropertyKey[] = []): never => {
      context.addIssue({ code: "custom", message, path });
      return z.NEVER;
    };
    if (!Array.isArray(value)) return refuse("not a list");
    if (value.length > max) return refuse(`has ${value.length} entries, ${max} are allowed`);
    const items: Item[] = [];
    for (const [index, entry] of value.entries()) {
      const result = item.safeParse(entry);
      if (!result.success) {
        const issue = result.error.issues[0];
        return refuse(issue?.message ?? "not as expected", [index, ...(issue?.path ?? [])]);
      }
      items.push(result.data);
    }
    return items;
  });
}
