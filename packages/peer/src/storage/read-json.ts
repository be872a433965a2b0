import { type ZodType, z } from "zod";
import { MAX_JSON_BYTES } from "./constants.ts";
import { readRegularFile } from "./read-regular-file.ts";
import { setAside } from "./set-aside.ts";

/** What {@link readJson} found. */
export type JsonFile<T> =
  | { readonly status: "ok"; readonly value: T }
  | { readonly status: "missing" }
  | {
      readonly status: "damaged";
      /** Where the damaged file is now. */
      readonly setAside: string;
      /** What was wrong with it, for the log. */
      readonly reason: string;
    };

/**
 * Reads a JSON file of the state directory.
 *
 * A file that is no regular file, no JSON, or does not fit `schema` is set aside as `<name>.damaged` (an older one of that name is
 * replaced): the caller reports it once, and rebuilds what was in it.
 *
 * @throws PeerError when the file is there but cannot be read (`no-permission`, `disk-error`): that is no damage, and
 *   the file stays where it is.
 */
export async function readJson<T>(path: string, schema: ZodType<T>): Promise<JsonFile<T>> {
  const file = await readRegularFile(path, MAX_JSON_BYTES);
  if (file.status === "missing") return { status: "missing" };
  if (file.status === "other") return await damaged(path, file.reason);
  const text = file.bytes.toString("utf8");
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    return await damaged(path, error instanceof Error ? error.message : String(error));
  }
  const parsed = schema.safeParse(json);
  return parsed.success
    ? { status: "ok", value: parsed.data }
    : await damaged(path, z.prettifyError(parsed.error));
}

async function damaged(path: string, reason: string): Promise<JsonFile<never>> {
  return { status: "damaged", setAside: await setAside(path), reason };
}
