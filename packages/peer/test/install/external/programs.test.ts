import { describe, expect, it } from "vitest";
import {
  hasRarCodec,
  printArguments,
  readBanner,
  testArguments,
} from "../../../src/install/external/programs.ts";
import { volumeNames } from "../../../src/install/external/volume-links.ts";
import { UNRAR_BANNER } from "./fake-program.ts";

describe("what a program says when it is called without arguments", () => {
  it.each([
    [`\n${UNRAR_BANNER}\n\nUsage: unrar <command>`, { kind: "unrar", title: "UNRAR 6.21" }],
    [
      "\nRAR 7.01   Copyright (c) 1993-2024 Alexander Roshal   12 May 2024\nTrial version",
      { kind: "unrar", title: "RAR 7.01" },
    ],
    [
      "\n7-Zip (z) 23.01 (x64) : Copyright (c) 1999-2023 Igor Pavlov",
      { kind: "7-zip", title: "7-Zip 23.01" },
    ],
    [
      "\n7-Zip [64] 16.02 : Copyright (c) 1999-2016 Igor Pavlov : 2016-05-21\np7zip Version 16.02",
      { kind: "7-zip", title: "7-Zip 16.02" },
    ],
    ["7-Zip 24.09 (x64) : Copyright (c) 1999-2024 Igor Pavlov", { kind: "7-zip", title: "7-Zip 24.09" }],
  ])("names it: %j", (banner, program) => expect(readBanner(banner)).toEqual(program));

  it.each([
    [
      "UNRAR 4.20 freeware      Copyright (c) 1993-2012 Alexander Roshal",
      "it is UNRAR 4.20, which is too old for RAR 5",
    ],
    ["7-Zip [64] 9.20  Copyright (c) 1999-2010 Igor Pavlov", "it is 7-Zip 9.20, which is too old for RAR 5"],
    ["bsdtar: Must specify one of -c, -r, -t, -u, -x", "it is built on libarchive"],
    ["unrar-free: Archive not specified", "it is built on libarchive"],
    ["usage: tar", "it is no unpacker that is known here"],
    ["", "it is no unpacker that is known here"],
  ])("says why it is refused: %j", (banner, why) =>
    expect(readBanner(banner)).toEqual({ refused: expect.stringContaining(why) }),
  );
});

it("a 7-Zip has the codec, in a library or built in, or has not", () => {
  expect(hasRarCodec("Codecs:\n 1   D     40303 Rar3\n 1   D     40305 Rar5\n 0  ED     40202 BZip2\n")).toBe(
    true,
  );
  expect(hasRarCodec("Codecs:\r\n    D     40305 Rar5\r\n")).toBe(true);
  expect(hasRarCodec("Formats:\n ...F....  Rar5     rar r00\nCodecs:\n    ED     40202 BZip2\n")).toBe(false);
});

it.each(["unrar", "7-zip"] as const)("no archive is an option of %s, or a question", (kind) => {
  for (const args of [printArguments(kind, "-o"), testArguments(kind, "-o")]) {
    expect(args.slice(-2)).toEqual(["--", "-o"]);
    expect(args).toContain("-p-");
    expect(args).toContain("-y");
  }
});

it("volumes have names in both schemes, which go on from that of the first", () => {
  expect([0, 1, 2, 100, 101].map(volumeNames)).toEqual([
    ["archive.part00001.rar"],
    ["archive.part00002.rar", "archive.part00001.r00"],
    ["archive.part00003.rar", "archive.part00001.r01"],
    ["archive.part00101.rar", "archive.part00001.r99"],
    ["archive.part00102.rar", "archive.part00001.s00"],
  ]);
  expect(volumeNames(900)).toHaveLength(2);
  expect(volumeNames(901)).toEqual(["archive.part00902.rar"]);
});
