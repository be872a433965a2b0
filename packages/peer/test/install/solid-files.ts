import { compressSolidRar5, type Rar5Entry, seededBytes } from "@lanspread/testkit";

const FIRST = seededBytes(6, 300_000);

/** What is in the archive of {@link solidEntries}. Compressed together, only the first can be read without the others. */
export const SOLID_FILES: Readonly<Record<string, Uint8Array>> = {
  "a.dat": FIRST,
  "b.dat": Buffer.concat([FIRST, seededBytes(7, 1_000)]),
  "c.dat": FIRST.subarray(100_000),
};

/** Entries for an archive that is written with `solid`. */
export function solidEntries(): readonly Rar5Entry[] {
  const packed = compressSolidRar5(Object.values(SOLID_FILES));
  return Object.keys(SOLID_FILES).flatMap((name, index) => {
    const content = packed[index];
    return content === undefined ? [] : [{ name, content }];
  });
}
