import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  expectedArchives,
  packedBytesBehind,
} from "../../../src/stream-install/receive/expected-archives.ts";
import { SourceFault } from "../../../src/stream-install/receive/source-fault.ts";
import { type StreamAction, StreamOrder } from "../../../src/stream-install/receive/stream-order.ts";
import { type Frame, framesOf, MTIME, manifestOf, type StreamArchive } from "./support.ts";

const ARCHIVES = expectedArchives(manifestOf({ "a.eti": 10, "b.eti": 20, "manual.txt": 5 }));
const ONE_ARCHIVE = expectedArchives(manifestOf({ "a.eti": 10 }));
const FILES = expectedArchives(manifestOf({ "game.exe": 4, "data/a": 2 }));

function take(frames: readonly Frame[], expected = ARCHIVES): StreamAction[] {
  const order = new StreamOrder(expected);
  return frames.flatMap((frame) => {
    if (!Buffer.isBuffer(frame)) return [order.control(frame)];
    order.data(frame.length);
    return [];
  });
}

function faultOf(frames: readonly Frame[], expected = ARCHIVES): SourceFault {
  try {
    take(frames, expected);
  } catch (error) {
    if (error instanceof SourceFault) return error;
    throw error;
  }
  return expect.unreachable("the stream is refused");
}

const begin = (name = "a.eti", unpackedSize = 100, entries = 10): Frame => ({
  type: "archive_begin",
  name,
  solid: true,
  unpacked_size: unpackedSize,
  entries,
});
const directory = (path: string): Frame => ({ type: "directory", path });
const fileBegin = (path: string, size = 3): Frame => ({ type: "file_begin", path, size, mtime: MTIME });
const fileEnd: Frame = { type: "file_end", crc32: 7 };
const complete = (files = 0, bytes = 0): Frame => ({ type: "complete", files, bytes });
const raw = (length: number): Frame => Buffer.alloc(length);
const file = (path: string, size = 3): Frame[] => [
  fileBegin(path, size),
  ...(size === 0 ? [] : [raw(size)]),
  fileEnd,
];

it("says what a stream means, frame by frame", () => {
  const actions = take([
    begin("a.eti", 8, 3),
    directory("data"),
    fileBegin("data/x", 8),
    raw(5),
    raw(3),
    fileEnd,
    ...file("empty", 0),
    begin("b.eti", 3, 1),
    ...file("data/x"),
    complete(3, 11),
  ]);
  expect(actions).toEqual([
    { kind: "archive", name: "a.eti", unpackedBytes: 8 },
    { kind: "directory", path: "data" },
    { kind: "file", path: "data/x", size: 8, mtime: MTIME },
    { kind: "file-end", crc32: 7 },
    { kind: "file", path: "empty", size: 0, mtime: MTIME },
    { kind: "file-end", crc32: 7 },
    { kind: "archive", name: "b.eti", unpackedBytes: 3 },
    { kind: "file", path: "data/x", size: 3, mtime: MTIME },
    { kind: "file-end", crc32: 7 },
    { kind: "complete" },
  ]);
});

describe("refuses out of order", () => {
  const cases: [what: string, frames: Frame[], why: string][] = [
    ["raw bytes at the beginning", [raw(1)], "raw bytes outside of a file"],
    ["raw bytes between files", [begin(), ...file("x"), raw(1)], "raw bytes outside of a file"],
    ["a directory before any archive", [directory("x")], "directory before any archive"],
    ["a file before any archive", [fileBegin("x")], "file_begin before any archive"],
    ["the end of a file at the beginning", [fileEnd], "file_end without file_begin"],
    ["the end of a file twice", [begin(), ...file("x"), fileEnd], "file_end without file_begin"],
    ["complete at the beginning", [complete()], "complete without any archive"],
    ["a file within a file", [begin(), fileBegin("x"), fileBegin("y")], "file_begin within a file"],
    ["a directory within a file", [begin(), fileBegin("x"), directory("y")], "directory within a file"],
    ["an archive within a file", [begin(), fileBegin("x"), begin("b.eti")], "archive_begin within a file"],
    ["complete within a file", [begin(), fileBegin("x", 0), complete()], "complete within a file"],
    [
      "anything behind complete",
      [begin("a.eti", 0, 0), complete(), directory("x")],
      "directory behind complete",
    ],
    ["complete twice", [begin("a.eti", 0, 0), complete(), complete()], "complete behind complete"],
    ["raw bytes behind complete", [begin("a.eti", 0, 0), complete(), raw(1)], "raw bytes behind complete"],
  ];
  it.each(cases)("%s", (_, frames, why) => {
    expect(faultOf(frames, ONE_ARCHIVE)).toMatchObject({ kind: "wrong", message: why });
  });
});

describe("refuses sizes and numbers that do not add up:", () => {
  const cases: [what: string, frames: Frame[], why: string][] = [
    [
      "more raw bytes than the file has",
      [begin(), fileBegin("x", 3), raw(4)],
      "more raw bytes than the file has",
    ],
    [
      "more over two frames",
      [begin(), fileBegin("x", 3), raw(2), raw(2)],
      "more raw bytes than the file has",
    ],
    ["raw bytes of an empty file", [begin(), fileBegin("x", 0), raw(1)], "more raw bytes than the file has"],
    ["fewer", [begin(), fileBegin("x", 3), raw(2), fileEnd], "file_end 1 bytes before the end of the file"],
    [
      "more entries",
      [begin("a.eti", 9, 1), directory("x"), directory("y")],
      "a.eti has more entries than were announced",
    ],
    [
      "fewer entries",
      [begin("a.eti", 0, 2), directory("x"), complete()],
      "a.eti ends 1 entries and 0 bytes too early",
    ],
    ["more bytes", [begin("a.eti", 2, 1), fileBegin("x", 3)], "a.eti has more bytes than were announced"],
    [
      "fewer bytes",
      [begin("a.eti", 4, 1), ...file("x"), begin("b.eti")],
      "a.eti ends 0 entries and 1 bytes too early",
    ],
    [
      "more files at the end",
      [begin("a.eti", 3, 1), ...file("x"), complete(2, 3)],
      "it counts 2 files and 3 bytes, 1 files and 3 bytes have come",
    ],
    [
      "fewer bytes at the end",
      [begin("a.eti", 3, 1), ...file("x"), complete(1, 2)],
      "it counts 1 files and 2 bytes, 1 files and 3 bytes have come",
    ],
  ];
  it.each(cases)("%s", (_, frames, why) => {
    expect(faultOf(frames, ONE_ARCHIVE)).toMatchObject({ kind: "wrong", message: why });
  });
});

describe("refuses archives that the manifest does not have so:", () => {
  const empty = (name: string): Frame => begin(name, 0, 0);
  const cases: [what: string, frames: Frame[], why: string][] = [
    ["one that is not there", [empty("c.eti")], "a.eti is left out"],
    [
      "one too many",
      [empty("a.eti"), empty("b.eti"), empty("c.eti")],
      '"c.eti" is not the next archive of the game',
    ],
    ["a file that is no archive", [empty("a.eti"), empty("manual.txt")], "b.eti is left out"],
    ["the first one left out", [empty("b.eti")], "a.eti is left out"],
    ["the last one left out", [empty("a.eti"), complete()], "b.eti is left out"],
    [
      "another order",
      [empty("a.eti"), empty("b.eti"), empty("a.eti")],
      '"a.eti" is not the next archive of the game',
    ],
    ["one twice", [empty("a.eti"), empty("a.eti")], "b.eti is left out"],
    ["the game itself", [empty("ggoo")], "a.eti is left out"],
  ];
  it.each(cases)("%s", (_, frames, why) => {
    expect(faultOf(frames)).toMatchObject({ kind: "wrong", message: why });
  });

  it("but leaves it to the source which parts are volumes of one archive", () => {
    const parts = expectedArchives(
      manifestOf({ "a.part1.eti": 1, "a.part2.eti": 1, "b.eti": 1, "b.part1.eti": 1 }),
    );
    const [a1, a2, b, b1] = ["a.part1.eti", "a.part2.eti", "b.eti", "b.part1.eti"].map(empty);
    if (a1 === undefined || a2 === undefined || b === undefined || b1 === undefined) throw new Error("four");
    expect(take([a1, b, b1, complete()], parts)).toHaveLength(4);
    expect(take([a1, a2, b, b1, complete()], parts)).toHaveLength(5);
    expect(faultOf([a1, a2, b, complete()], parts).message).toBe("b.part1.eti is left out");
    expect(faultOf([a2, b, b1, complete()], parts).message).toBe("a.part1.eti is left out");
  });
});

describe("a game without archives", () => {
  it("comes as one archive of its name, with exactly its files", () => {
    expect(
      take([begin("ggoo", 6, 2), ...file("data/a", 2), ...file("game.exe", 4), complete(2, 6)], FILES),
    ).toHaveLength(6);
  });

  const cases: [what: string, frames: Frame[], why: string][] = [
    ["another name", [begin("a.eti")], '"a.eti" is not the next archive of the game'],
    ["a second archive", [begin("ggoo", 0, 0), begin("ggoo")], '"ggoo" is not the next archive of the game'],
    [
      "a file that it does not have",
      [begin("ggoo"), fileBegin("x", 3)],
      '"x" with 3 bytes is no file of the game',
    ],
    [
      "another size",
      [begin("ggoo"), fileBegin("game.exe", 3)],
      '"game.exe" with 3 bytes is no file of the game',
    ],
    [
      "the sentinel",
      [begin("ggoo"), fileBegin("version.ini", 11)],
      '"version.ini" with 11 bytes is no file of the game',
    ],
    [
      "fewer files",
      [begin("ggoo", 4, 1), ...file("game.exe", 4), complete(1, 4)],
      "1 files of the game's 2 have come",
    ],
  ];
  it.each(cases)("is refused with %s", (_, frames, why) => {
    expect(faultOf(frames, FILES)).toMatchObject({ kind: "wrong", message: why });
  });
});

describe("refuses paths that are not safe, by themselves or beside each other:", () => {
  const cases: [what: string, frames: Frame[], why: string | RegExp][] = [
    ["a file above", file("../x"), /a component is \. or \.\./u],
    ["a directory above", [directory("a/../..")], /a component is \. or \.\./u],
    ["an absolute one", file("/etc/passwd"), /the path is absolute/u],
    ["a drive", file("C:/x"), /the path names a drive/u],
    ["a backslash", file("a\\b"), /the path has a backslash/u],
    ["a wildcard", file("a*"), /a character that Windows forbids/u],
    ["a device", file("data/CON.txt"), /a device name of Windows/u],
    ["a directory with a slash at its end", [directory("data/")], /empty/u],
    ["the marker", file(".lanspread_owned"), ".lanspread_owned is a reserved name"],
    ["the marker in another case", file("x/.LANSPREAD_owned"), ".LANSPREAD_owned is a reserved name"],
    ["a file twice in one archive", [...file("x"), ...file("x")], "the path is listed twice"],
    ["a file in another case", [...file("data/x"), ...file("data/X")], "differs only in case"],
    ["a directory in another case", [...file("data/x"), ...file("Data/y")], "differs only in case"],
    [
      "a file in another case, archives later",
      [...file("x"), begin("b.eti"), ...file("X")],
      "differs only in case",
    ],
    ["a file where a directory is", [directory("x"), ...file("x")], "a file here and a directory elsewhere"],
    [
      "a file where a directory was named",
      [...file("x/y"), ...file("x")],
      "a file here and a directory elsewhere",
    ],
    ["a directory where a file is", [...file("x"), directory("x")], "a file here and a directory elsewhere"],
    ["a file in a file", [...file("x"), ...file("x/y")], "a file here and a directory elsewhere"],
    [
      "a file in a file of an earlier archive",
      [...file("x"), begin("b.eti"), ...file("x/y")],
      "a file here and a directory elsewhere",
    ],
  ];
  it.each(cases)("%s", (_, frames, why) => {
    // As many entries as there are, so that a later archive may begin.
    const before = frames.findIndex((frame) => !Buffer.isBuffer(frame) && frame.type === "archive_begin");
    const inFirst = frames
      .slice(0, before < 0 ? frames.length : before)
      .filter((frame) => !Buffer.isBuffer(frame) && ["directory", "file_begin"].includes(frame.type)).length;
    const fault = faultOf([begin("a.eti", before < 0 ? 100 : 3 * inFirst, inFirst), ...frames]);
    expect(fault.kind).toBe("wrong");
    expect(fault.message).toEqual(
      typeof why === "string" ? expect.stringContaining(why) : expect.stringMatching(why),
    );
  });

  it("but takes a directory twice, and a file anew from a later archive", () => {
    expect(
      take([
        begin("a.eti", 3, 3),
        directory("x"),
        ...file("x/y"),
        directory("x"),
        begin("b.eti", 3, 1),
        ...file("x/y"),
        complete(2, 6),
      ]),
    ).toHaveLength(9);
  });

  it("and no more of them than fit into memory", () => {
    const deep = Array.from({ length: 50 }, () => "a").join("/");
    const endless = function* (): Generator<Frame> {
      yield begin("a.eti", 0, 10_000_000);
      for (let index = 0; ; index++) yield directory(`${index}/${deep}`);
    };
    const order = new StreamOrder(ARCHIVES);
    let taken = 0;
    expect(() => {
      for (const frame of endless()) {
        if (!Buffer.isBuffer(frame)) order.control(frame);
        taken += 1;
      }
    }).toThrow("more than 1000000 files and directories");
    expect(taken).toBeLessThan(20_002);
  });
});

it("ends with what the source says, wherever it says it", () => {
  const said: Frame = { type: "error", code: "internal", message: "a.eti is damaged", retryable: false };
  for (const before of [[], [begin()], [begin(), fileBegin("x"), raw(1)]]) {
    expect(faultOf([...before, said])).toMatchObject({
      kind: "said",
      message: "it says internal: a.eti is damaged",
    });
  }
});

it("that is busy may be asked again, unless it has begun", () => {
  const busy: Frame = { type: "error", code: "busy", message: "8 games", retryable: true };
  expect(faultOf([busy])).toMatchObject({ kind: "said", later: true });
  expect(faultOf([begin(), busy])).toMatchObject({ kind: "said", later: false });
  expect(faultOf([{ ...busy, retryable: false }])).toMatchObject({ kind: "said", later: false });
});

const name = fc.constantFrom("a", "b", "c", "data", "saves", "maps");
const archives: fc.Arbitrary<StreamArchive[]> = fc
  .array(
    fc.uniqueArray(
      fc.record({
        path: fc.array(name, { minLength: 1, maxLength: 3 }),
        content: fc.uint8Array({ maxLength: 9 }),
      }),
      // Files have an extension and directories have none: they never stand in each other's way.
      { selector: ({ path }) => path.join("/"), maxLength: 6 },
    ),
    { minLength: 2, maxLength: 2 },
  )
  .map((lists) =>
    lists.map((entries, index) => ({
      name: index === 0 ? "a.eti" : "b.eti",
      entries: entries.map(({ path, content }) => ({ path: `${path.join("/")}.dat`, content })),
    })),
  );

it("takes every right stream, and none with a frame left out, doubled or moved", () => {
  fc.assert(
    fc.property(archives, fc.nat(), fc.constantFrom("drop", "double", "swap"), (list, at, how) => {
      const frames = framesOf(list, 4);
      expect(take(frames).at(-1)).toEqual({ kind: "complete" });
      const index = at % frames.length;
      const frame = frames[index];
      const next = frames[(index + 1) % frames.length];
      if (frame === undefined || next === undefined || frame === next) return;
      const wrong = [...frames];
      if (how === "drop") wrong.splice(index, 1);
      else if (how === "double") wrong.splice(index, 0, frame);
      else [wrong[index], wrong[(index + 1) % frames.length]] = [next, frame];
      // Two raw frames of one file may change places: the checksum says so, which is not asked here.
      if (how === "swap" && Buffer.isBuffer(frame) && Buffer.isBuffer(next)) return;
      const end = ((): StreamAction | undefined | SourceFault => {
        try {
          return take(wrong).at(-1);
        } catch (error) {
          if (error instanceof SourceFault) return error;
          throw error;
        }
      })();
      // Without complete at its end nothing counts.
      expect(end).not.toEqual({ kind: "complete" });
    }),
    { numRuns: 500 },
  );
});

it("expects what an install from disk would unpack, and estimates what is still to come", () => {
  const expected = expectedArchives(
    manifestOf({
      "B.ETI": 1,
      "a.part1.eti": 2,
      "a.part2.eti": 4,
      "a.r00": 8,
      "c.eti": 16,
      "sub/d.eti": 32,
      ".sync/e.eti": 64,
    }),
  );
  expect(expected.kind === "archives" ? expected.archives.map(({ name }) => name) : []).toEqual([
    "B.ETI",
    "a.part1.eti",
    "a.part2.eti",
    "c.eti",
  ]);
  expect(["B.ETI", "a.part1.eti", "c.eti"].map((archive) => packedBytesBehind(expected, archive))).toEqual([
    22, 16, 0,
  ]);
});
