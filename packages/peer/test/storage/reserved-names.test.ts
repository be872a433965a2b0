import { describe, expect, it } from "vitest";
import {
  FOREIGN_NAMES,
  isForeignName,
  isReservedName,
  isReservedOrLocalPath,
  RESERVED_NAMES,
} from "../../src/storage/index.ts";

describe("reserved names", () => {
  it.each(RESERVED_NAMES)("%s is reserved in any spelling, at any depth", (name) => {
    expect(isReservedName(name)).toBe(true);
    expect(isReservedName(name.toUpperCase())).toBe(true);
    expect(isReservedOrLocalPath(`${name}/file`)).toBe(true);
    expect(isReservedOrLocalPath(`data/${name.toUpperCase()}/file`)).toBe(true);
    expect(isReservedOrLocalPath(`data\\${name}`)).toBe(true);
  });

  it.each(FOREIGN_NAMES)("%s is foreign, but a name like any other below the root", (name) => {
    expect(isForeignName(name.toUpperCase())).toBe(true);
    expect(isReservedName(name)).toBe(false);
    expect(isReservedOrLocalPath(`${name}/file`)).toBe(true);
    expect(isReservedOrLocalPath(`data/${name}`)).toBe(false);
  });

  it.each([
    ["local", true],
    ["local/save.dat", true],
    ["LOCAL/save.dat", true],
    ["./local/save.dat", true],
    ["data/local/save.dat", false],
    ["locale/de.txt", false],
    ["version.ini", false],
    [".version.ini.tmp2", false],
    [".local.in\u017Ftalling/x", true],
    ["game.eti", false],
    ["", false],
  ])("isReservedOrLocalPath(%j) is %j", (path, expected) => {
    expect(isReservedOrLocalPath(path)).toBe(expected);
  });
});
