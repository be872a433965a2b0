import { readFile, rename, rm, truncate } from "node:fs/promises";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { seededBytes, type TemporaryDirectory } from "@lanspread/testkit";
import { describe, expect } from "vitest";
import { namesIn } from "../support.ts";
import type { Contract } from "./subject.ts";
import { MTIME, VERSIONS, type Version, writeRar } from "./trial.ts";

type NameOf = (index: number) => string;

const partName: NameOf = (index) => `game.part${index + 1}.eti`;
const oldName: NameOf = (index) => (index === 0 ? "game.eti" : `game.r0${index - 1}`);
const SCHEMES: readonly [scheme: string, nameOf: NameOf][] = [
  [".partN.eti", partName],
  [".rNN", oldName],
];
const CONTENT = seededBytes(4, 250_000);

/** Three volumes; the first file goes through all of them. Returns the path of the first. */
async function writeSet(place: TemporaryDirectory, version: Version, nameOf: NameOf): Promise<string> {
  await writeRar(version)(
    { bytes: 100_000, path: (index) => place.join(nameOf(index)), oldNames: nameOf === oldName },
    [
      { name: "first.bin", content: CONTENT, mtime: MTIME },
      { name: "d/second.txt", content: "behind it", mtime: MTIME },
    ],
  );
  return place.join(nameOf(0));
}

export function volumes({ it }: Contract): void {
  for (const version of VERSIONS) {
    for (const [scheme, nameOf] of SCHEMES) {
      describe(`a set of volumes of RAR ${version} named ${scheme}`, () => {
        const named = (title: string): string => `RAR ${version}: volumes named ${scheme} ${title}`;

        it(named("are one archive"), async (place, trial) => {
          const archive = await writeSet(place, version, nameOf);
          const { volumes: found, entries } = await trial.unpacker.list(archive);
          expect(found).toEqual([0, 1, 2].map((index) => place.join(nameOf(index))));
          expect(entries).toEqual([
            { path: "first.bin", type: "file", size: CONTENT.length, mtime: MTIME.getTime() },
            { path: "d/second.txt", type: "file", size: 9, mtime: MTIME.getTime() },
          ]);
          const { into, files } = await trial.run(archive);
          expect(files?.[0]?.crc32).toBe(crc32(CONTENT));
          expect((await readFile(join(into, "first.bin"))).equals(CONTENT)).toBe(true);
          expect(await readFile(join(into, "d/second.txt"), "utf8")).toBe("behind it");
        });

        for (const [which, missing] of [
          ["second", 1],
          ["last", 2],
        ] as const) {
          it(
            named(`are refused without the ${which} one, before anything is created`),
            async (place, trial) => {
              const archive = await writeSet(place, version, nameOf);
              await rm(place.join(nameOf(missing)));
              const { error, into, streamed } = await trial.run(archive);
              expect(error?.code).toBe("archive-missing-volume");
              expect(error?.message).toContain(archive);
              expect(error?.message).toContain(nameOf(missing));
              expect(await namesIn(into)).toEqual([]);
              expect(streamed.calls).toEqual([]);
            },
          );
        }

        it(named("are not unpacked where one is cut off, which is named"), async (place, trial) => {
          const archive = await writeSet(place, version, nameOf);
          await truncate(place.join(nameOf(1)), 50_000);
          const { error, streamed } = await trial.run(archive);
          expect(error?.code).toBe("archive-truncated");
          expect(error?.message).toContain(place.join(nameOf(1)));
          expect(streamed.files).toEqual([]);
        });

        it(named("are not unpacked from the second one on"), async (place, trial) => {
          await writeSet(place, version, nameOf);
          const { error } = await trial.run(place.join(nameOf(1)));
          expect(error?.code).toBe("archive-missing-volume");
        });
      });
    }
  }

  it("volumes are found in another spelling of upper and lower case", async (place, trial) => {
    const archive = await writeSet(place, 5, partName);
    await rename(place.join(partName(1)), place.join("GAME.PART2.ETI"));
    expect((await trial.run(archive)).files).toHaveLength(2);
  });
}
