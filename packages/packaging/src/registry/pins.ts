import { z } from "zod";

/** As `npm` writes it (Subresource Integrity): the algorithm, and the digest in base64. */
const integritySchema = z.string().regex(/^sha512-[\w+/]{86}==$/u);

const pinsSchema = z.record(
  z.string(),
  z.strictObject({
    version: z.string(),
    integrity: integritySchema,
    files: z.record(z.string(), integritySchema).optional(),
  }),
);

/** One version of a package of the registry, and what its archive's bytes must be. */
export interface Pin {
  readonly name: string;
  readonly version: string;
  readonly integrity: string;
  /** Digests of files in it: who finds them elsewhere need not fetch the package. */
  readonly files: Readonly<Record<string, string>>;
}

/** @throws ZodError where the text is no list of pins */
export function parsePins(text: string): ReadonlyMap<string, Pin> {
  const pins = pinsSchema.parse(JSON.parse(text));
  return new Map(
    Object.entries(pins).map(([name, { version, integrity, files }]) => [
      name,
      { name, version, integrity, files: files ?? {} },
    ]),
  );
}

/**
 * The packages in a `pnpm-lock.yaml` (lockfileVersion 9) by name. A name that is there in several versions is left out: which one is
 * meant nobody could say.
 */
export function pinsOfLock(text: string): ReadonlyMap<string, Pin> {
  const pins = new Map<string, Pin>();
  const several = new Set<string>();
  const entries =
    /^ {2}'?(?<name>@?[^@'\s]+)@(?<version>[^:'(\s]+)'?:\n {4}resolution: \{integrity: (?<integrity>sha512-[\w+/]{86}==)/gmu;
  for (const { groups } of text.matchAll(entries)) {
    const { name = "", version = "", integrity = "" } = groups ?? {};
    if (pins.has(name)) several.add(name);
    pins.set(name, { name, version, integrity, files: {} });
  }
  for (const name of several) pins.delete(name);
  return pins;
}
