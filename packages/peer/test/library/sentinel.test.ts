import { execFile } from "node:child_process";
import { mkdir, symlink, writeFile } from "node:fs/promises";
import { promisify } from "node:util";
import { temporaryDirectory } from "@lanspread/testkit";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { canonicalVersion, formatVersion, readSentinel } from "../../src/library/index.ts";
import { parseSentinel } from "../../src/library/sentinel-text.ts";

describe("the text of a version.ini", () => {
  it.each([
    ["digits", "20180412", "20180412"],
    ["dots", "2018.04.12", "20180412"],
    ["a key", "version=20180412", "20180412"],
    ["a key with spaces, in capitals", "Version = 2018.04.12 ", "20180412"],
    ["lines of Windows", "[game]\r\nversion=1.2\r\n", "12"],
    ["old lines of Macintosh", "; x\r1.2\r", "12"],
    ["comments and empty lines before it", "\n; 1\n# 2\n   \n\t[3]\n4", "4"],
    ["a byte order mark", "\uFEFFversion=7", "7"],
    ["more behind it", "7\nversion=8\ngarbage", "7"],
    ["leading zeros", "007", "007"],
  ])("with %s has a version", (_, text, version) => {
    expect(parseSentinel(text)).toEqual({ ok: true, version });
  });

  it.each([
    ["nothing", ""],
    ["blanks", " \n\t\r\n"],
    ["comments alone", "; 20180412\n# 1"],
    ["a section alone", "[20180412]"],
    ["letters", "v1.0"],
    ["a letter behind", "1.0b"],
    ["another key first", "name=x\nversion=1"],
    ["a key without value", "version="],
    ["dots alone", "..."],
    ["a comment behind", "20180412 ; final"],
    ["a sign", "-1"],
    ["digits of another script", "\u0661\u0662"],
    ["too many digits", "1".repeat(33)],
  ])("with %s has none", (_, text) => {
    expect(parseSentinel(text)).toEqual({ ok: false, reason: expect.any(String) });
  });

  it("has the version that was written, wherever the dots and however it is framed", () => {
    const parts = fc.array(fc.stringMatching(/^[0-9]{1,4}$/u), { minLength: 1, maxLength: 8 });
    const noise = fc.array(fc.constantFrom("", "  ", "; old 1", "# 2", "[game]"), { maxLength: 4 });
    fc.assert(
      fc.property(parts, noise, fc.boolean(), fc.constantFrom("\n", "\r\n"), (digits, before, key, end) => {
        const text = [...before, (key ? "version=" : "") + digits.join("."), "trailing"].join(end);
        expect(parseSentinel(text)).toEqual({ ok: true, version: digits.join("") });
      }),
    );
  });
});

describe("versions", () => {
  it("are shown as a date where they have eight digits", () => {
    const shown = ["2018.04.12", "12", "201804121"].map((text) => {
      const version = canonicalVersion(text);
      return version === null ? null : formatVersion(version);
    });
    expect(shown).toEqual(["2018.04.12", "12", "201804121"]);
  });
});

describe("readSentinel", () => {
  it("reads a regular file of at most 4 KiB", async () => {
    await using dir = await temporaryDirectory();
    expect(await readSentinel(dir.path)).toEqual({ status: "missing" });
    await writeFile(dir.join("version.ini"), `20180412\n${" ".repeat(4096 - 9)}`);
    expect(await readSentinel(dir.path)).toMatchObject({ status: "valid", version: "20180412" });
    await writeFile(dir.join("version.ini"), `20180412\n${" ".repeat(4096 - 8)}`);
    expect(await readSentinel(dir.path)).toMatchObject({ status: "invalid" });
  });

  it("notices a rewrite of the same length within the same second", async () => {
    await using dir = await temporaryDirectory();
    await writeFile(dir.join("version.ini"), "1");
    const one = await readSentinel(dir.path);
    await writeFile(dir.join("version.ini"), "2");
    expect(await readSentinel(dir.path)).not.toEqual(one);
  });

  it.each([
    ["a directory", (path: string) => mkdir(path)],
    [
      "a link to a good one",
      (path: string) => writeFile(`${path}.real`, "1").then(() => symlink(`${path}.real`, path)),
    ],
    ["a dangling link", (path: string) => symlink("nowhere", path)],
    ["a pipe that nobody writes to", (path: string) => promisify(execFile)("mkfifo", [path])],
    ["bytes", (path: string) => writeFile(path, Buffer.from([0xff, 0xfe, 0x31, 0]))],
  ])("does not take %s for a sentinel, and names the file", async (_, make) => {
    await using dir = await temporaryDirectory();
    const path = dir.join("version.ini");
    await make(path);
    expect(await readSentinel(dir.path)).toMatchObject({
      status: "invalid",
      warning: expect.stringContaining(path),
    });
  });
});
