import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { checkName, checkPath } from "../../shell/folders/check-path.ts";

describe("a path", () => {
  it.each<[string, NodeJS.Platform, string]>([
    ["/home/ada/games", "linux", "/home/ada/games"],
    ["/home/ada/games/", "linux", "/home/ada/games"],
    ["//home///ada", "linux", "/home/ada"],
    ["/", "linux", "/"],
    ["/spiele und mehr/größe", "darwin", "/spiele und mehr/größe"],
    ["/a\\..\\b", "linux", "/a\\..\\b"],
    ["D:\\Games", "win32", "D:\\Games"],
    ["d:/Games/", "win32", "d:\\Games"],
    ["C:\\", "win32", "C:\\"],
    ["\\\\nas\\games\\old", "win32", "\\\\nas\\games\\old"],
  ])("%j on %s is %j", (text, platform, path) => {
    expect(checkPath(text, platform)).toEqual({ path });
  });

  it.each<[string, NodeJS.Platform, RegExp]>([
    ["", "linux", /empty/u],
    ["games", "linux", /absolute/u],
    ["./games", "linux", /no \. and no \.\./u],
    ["~/games", "linux", /absolute/u],
    ["/home/../etc", "linux", /no \. and no \.\./u],
    ["/home/ada/..", "linux", /no \. and no \.\./u],
    ["/home/./ada", "linux", /no \. and no \.\./u],
    ["/home/a\0da", "linux", /control/u],
    ["/home/a\nda", "linux", /control/u],
    [`/${"a/".repeat(2_100)}`, "linux", /too long/u],
    [`/${"ä".repeat(128)}`, "linux", /too long/u],
    ["/home/\ud800", "linux", /no valid text/u],
    ["C:\\Games", "linux", /absolute/u],
    ["/home", "win32", /absolute/u],
    ["\\Games", "win32", /absolute/u],
    ["C:Games", "win32", /absolute/u],
    ["C:\\Games\\..\\Windows", "win32", /no \. and no \.\./u],
    ["C:/Games/../Windows", "win32", /no \. and no \.\./u],
    ["\\\\.\\PhysicalDrive0", "win32", /\./u],
    ["\\\\?\\C:\\Games", "win32", /device/u],
    ["C:\\Games\\con", "win32", /Windows keeps/u],
    ["C:\\Games\\LPT1.txt", "win32", /Windows keeps/u],
    ["C:\\Games\\nul .old", "win32", /Windows keeps/u],
    ["C:\\Games\\aux  ", "win32", /Windows keeps/u],
    ["C:\\Games\\CONIN$", "win32", /Windows keeps/u],
    ["C:\\Games\\conout$.txt", "win32", /Windows keeps/u],
    ["C:\\Games\\clock$\\old", "win32", /Windows keeps/u],
    ["C:\\Games\\a:stream", "win32", /Windows keeps/u],
  ])("%j on %s is refused", (text, platform, why) => {
    expect(checkPath(text, platform)).toEqual({ refused: expect.stringMatching(why) });
  });

  it("that is taken stays as it is when it is looked at again, and leads nowhere above", () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom("/", ".", "a", "\\", ":", "\0", " ", "ä") }),
        fc.constantFrom<NodeJS.Platform>("linux", "win32"),
        (text, platform) => {
          const checked = checkPath(text, platform);
          if (!("path" in checked)) return;
          expect(checkPath(checked.path, platform)).toEqual(checked);
          const names = checked.path.split(platform === "win32" ? /[\\/]/u : "/");
          expect(names).not.toContain("..");
        },
      ),
    );
  });
});

describe("the name of a folder", () => {
  it.each(["Games", "Spiele 2", "größe", ".hidden", "a.b"])("may be %j", (name) => {
    expect(checkName(name)).toBeNull();
  });

  it.each([
    "",
    " ",
    ".",
    "..",
    "a/b",
    "a\\b",
    "a\0",
    "con",
    "NUL.txt",
    "nul .old",
    "CONIN$",
    "a.",
    "a ",
    " a",
    "a:b",
    "\u202Eexe.games",
    "games\u2066",
    "x".repeat(256),
  ])("may not be %j", (name) => {
    expect(checkName(name)).toEqual(expect.any(String));
  });
});
