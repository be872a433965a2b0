import { createRandom } from "@lanspread/testkit";
import { expect, it } from "vitest";
import { anyTime, changes } from "../../src/soak/download/moments.ts";

it("kills a download before and behind every change of its disk, and begins again", () => {
  const next = changes(createRandom(1), "update");
  const moments = Array.from({ length: 60 }, () => next.next().value);
  const changesOf = (when: string): string[] =>
    moments.flatMap((moment) => {
      if (moment.kind !== "change" || !moment.at.startsWith(when)) return [];
      return [moment.at.slice(when.length + 1).replace(/ \d+$/, "")];
    });
  expect(changesOf("before")).toEqual(changesOf("after"));
  expect(new Set(changesOf("before"))).toEqual(
    new Set([
      "rename download.json",
      "rename pieces",
      "rename .version.ini.discarded",
      "remove large.pak",
      "create large.pak",
      "size large.pak",
      "write large.pak",
      "write pieces",
      "sync large.pak",
      "remove gone.pak",
      "rename version.ini",
      "remove .version.ini.discarded",
      "remove pieces",
      "remove download.json",
    ]),
  );
  expect(moments[0]).toEqual({
    kind: "change",
    at: expect.stringMatching(/^before rename download.json [12]$/),
  });
});

it("tells the same moments for the same seed", () => {
  const told = (seed: number) => {
    const random = createRandom(seed);
    const next = changes(random, "download");
    return Array.from({ length: 20 }, () => [next.next().value, anyTime(random)]);
  };
  expect(told(1)).toEqual(told(1));
  expect(told(1)).not.toEqual(told(2));
});
