import { describe, expect, it } from "vitest";
import { compareOldVersion } from "../../src/download/old-version.ts";

describe("the files of an old version", () => {
  const compare = (old: string[], fresh: string[]) => {
    const { shared, gone, inTheWay } = compareOldVersion(old, fresh);
    return { shared: [...shared], gone, inTheWay };
  };

  it("are shared or gone", () => {
    expect(compare(["a", "b/c", "version.ini"], ["a", "b/d", "version.ini"])).toEqual({
      shared: ["a"],
      gone: ["b/c"],
      inTheWay: [],
    });
  });

  it.each([
    {
      name: "a file where a directory comes",
      old: ["data"],
      fresh: ["data/a"],
    },
    {
      name: "a directory where a file comes",
      old: ["data/a"],
      fresh: ["data"],
    },
    { name: "another spelling of a file", old: ["Data"], fresh: ["data"] },
    {
      name: "another spelling of a directory",
      old: ["Data/old"],
      fresh: ["data/new"],
    },
    {
      name: "another spelling of the sentinel",
      old: ["Version.ini"],
      fresh: ["version.ini"],
    },
  ])("are in the way: $name", ({ old, fresh }) => {
    expect(compare(old, fresh)).toEqual({
      shared: [],
      gone: old,
      inTheWay: old,
    });
  });
});
