import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  checkPathSet,
  checkWirePath,
  describeRefusal,
  foldCase,
  MAX_COMPONENT_BYTES,
  MAX_PATH_BYTES,
  PATH_RULES,
  type PathRule,
} from "../src/index.ts";

const component = (bytes: number) => "x".repeat(bytes);
const ruleOf = (path: string): PathRule | null => checkWirePath(path)?.rule ?? null;
const setRuleOf = (...paths: string[]): PathRule | null => checkPathSet(paths)?.rule ?? null;

/** Paths that break each rule of a single path. */
const BROKEN: Readonly<Partial<Record<PathRule, readonly string[]>>> = {
  empty: ["", "a//b", "a/"],
  absolute: ["/", "/etc/passwd", "//server/share"],
  drive: ["C:", "C:/x", "c:x"],
  dots: [".", "..", "a/..", "../a", "a/./b", "./a"],
  backslash: ["\\", "a\\b", "..\\a", "\\\\server\\share"],
  control: ["a\0", "a\nb", "\u007f", "a\u0085b", "\u001b[2J"],
  character: ["a<b", "a>b", "ab:c", 'a"b', "a|b", "a?b", "a*b", "x/data.txt:stream"],
  surrogate: ["\ud800", "a/\udc00b"],
  normalization: ["u\u0308", "a/e\u0301.txt", "\u212b"],
  trailing: ["a.", "a ", "a./b", "a/b ", "...", " "],
  device: [
    "con",
    "CON",
    "nul.txt",
    "a/PRN",
    "aux.tar.gz",
    "com1",
    "COM9.x",
    "lpt0",
    "com\u00b9",
    "CONIN$",
    "conout$",
    "clock$",
    "nul .txt",
  ],
  "component-length": [component(MAX_COMPONENT_BYTES + 1), `a/${"ü".repeat(128)}`],
  "path-length": [
    Array.from({ length: 5 }, () => component(205)).join("/"),
    `${"a/".repeat(MAX_PATH_BYTES / 2)}b`,
  ],
};

/** Sets that break each rule of a set; the path that is named comes last. */
const BROKEN_SETS: Readonly<Partial<Record<PathRule, readonly (readonly string[])[]>>> = {
  duplicate: [["a", "a"]],
  "case-clash": [
    ["a", "A"],
    ["data/x", "DATA/y"],
    ["straße", "STRASSE"],
    ["Σ/x", "ς/y"],
    ["a/b/c", "a/B/d"],
    ["ü", "Ü"],
  ],
  "file-and-directory": [
    ["a", "a/b"],
    ["a/b", "a"],
    ["a/b/c", "a/b"],
    ["A", "a/b"],
  ],
};

describe("a path is refused by its rule", () => {
  it.each(Object.entries(BROKEN).flatMap(([rule, paths]) => paths.map((path) => [rule, path])))(
    "%s: %j",
    (rule, path) => {
      expect(checkWirePath(path)).toEqual({ path, rule });
    },
  );
});

describe("a set of paths is refused by its rule", () => {
  it.each(Object.entries(BROKEN_SETS).flatMap(([rule, sets]) => sets.map((set) => [rule, set] as const)))(
    "%s: %j",
    (rule, set) => {
      for (const path of set) expect(checkWirePath(path)).toBeNull();
      expect(checkPathSet(set)).toEqual({ path: set.at(-1), rule });
    },
  );
});

it("has an example for every rule", () => {
  expect(Object.keys({ ...BROKEN, ...BROKEN_SETS }).sort()).toEqual(Object.keys(PATH_RULES).sort());
});

describe("is granted", () => {
  it.each([
    "version.ini",
    "data/maps/Level 1.pak",
    "ünïcödé/文件.txt",
    "🎮.bin",
    ".hidden",
    "..a",
    "a..b",
    "console",
    "con1",
    "com",
    "com10",
    "xnul.txt",
    "auxiliary.dat",
    "a/b.c.d",
    component(MAX_COMPONENT_BYTES),
    "ü".repeat(127),
    [...Array.from({ length: 4 }, () => component(203)), component(MAX_PATH_BYTES - 4 * 204)].join("/"),
  ])("%j", (path) => {
    expect(checkWirePath(path)).toBeNull();
  });

  it("a set whose names only look alike", () => {
    expect(setRuleOf("a", "b", "ab/c", "a b", "ab/C1", "x/a", "y/a")).toBeNull();
    expect(setRuleOf()).toBeNull();
  });
});

const sound = fc
  .array(fc.stringMatching(/^[a-zA-Z0-9äöü文_-]{1,12}(\.[a-z]{1,4})?$/u), { minLength: 1, maxLength: 5 })
  .map((parts) => parts.map((part) => part.normalize("NFC")).join("/"))
  .filter((path) => ruleOf(path) === null);

describe("whatever the text", () => {
  const hostile = fc.array(
    fc.constantFrom(
      "..",
      ".",
      "",
      "a",
      "con",
      "\\",
      "/",
      ":",
      "\0",
      "ü",
      "u\u0308",
      " ",
      "\ud800",
      "x.",
      "?",
    ),
    { maxLength: 12 },
  );
  const anything = fc.oneof(
    fc.string({ unit: "binary" }),
    fc.string({ unit: "grapheme" }),
    hostile.map((parts) => parts.join("")),
    hostile.map((parts) => parts.join("/")),
  );

  it("a granted path stays below where it is put, on every platform", () => {
    fc.assert(
      fc.property(anything, (path) => {
        fc.pre(ruleOf(path) === null);
        const parts = path.split("/");
        expect(parts.every((part) => part !== "" && part !== "." && part !== "..")).toBe(true);
        expect(path).not.toMatch(/[\\\0:]/u);
        expect(new URL(encodeURI(path), "file:///root/").pathname.startsWith("/root/")).toBe(true);
        expect(path.normalize("NFC")).toBe(path);
        expect(Buffer.byteLength(path)).toBeLessThanOrEqual(MAX_PATH_BYTES);
        for (const part of parts) expect(Buffer.byteLength(part)).toBeLessThanOrEqual(MAX_COMPONENT_BYTES);
      }),
      { numRuns: 2000 },
    );
  });

  it("one bad component spoils every path that has it", () => {
    const bad = Object.entries(BROKEN)
      .filter(
        ([rule]) => rule !== "path-length" && rule !== "absolute" && rule !== "drive" && rule !== "empty",
      )
      .flatMap(([, paths]) => paths);
    fc.assert(
      fc.property(fc.constantFrom(...bad), sound, sound, fc.nat(2), (broken, before, after, place) => {
        const path =
          [`${broken}/${after}`, `${before}/${broken}/${after}`, `${before}/${broken}`][place] ?? "";
        expect(ruleOf(path)).not.toBeNull();
      }),
    );
  });

  it("a refusal names path and rule in one line of bounded length", () => {
    fc.assert(
      fc.property(anything, (path) => {
        const refusal = checkWirePath(path);
        if (refusal === null) return;
        const text = describeRefusal(refusal);
        expect(text).toContain(PATH_RULES[refusal.rule]);
        expect(text).not.toMatch(/[\n\r\0]/u);
        expect(text.length).toBeLessThan(2000);
      }),
    );
    expect(describeRefusal({ path: "a/..", rule: "dots" })).toBe(`"a/..": ${PATH_RULES.dots}`);
    expect(describeRefusal({ path: "x".repeat(5000), rule: "path-length" }).length).toBeLessThan(300);
  });
});

describe("a granted set", () => {
  const sets = fc.uniqueArray(sound, { maxLength: 12 });

  it("does not depend on the order of its paths", () => {
    fc.assert(
      fc.property(
        sets.chain((paths) =>
          fc.tuple(fc.constant(paths), fc.shuffledSubarray(paths, { minLength: paths.length })),
        ),
        ([paths, shuffled]) => {
          expect(setRuleOf(...shuffled) === null).toBe(setRuleOf(...paths) === null);
        },
      ),
    );
  });

  it("stays a tree of the same files where case does not count", () => {
    fc.assert(
      fc.property(sets, (paths) => {
        fc.pre(setRuleOf(...paths) === null);
        const folded = paths.map(foldCase);
        expect(new Set(folded).size).toBe(paths.length);
        for (const path of folded) {
          for (const other of folded) expect(other.startsWith(`${path}/`)).toBe(false);
        }
      }),
    );
  });

  it("takes no second path in another case", () => {
    fc.assert(
      fc.property(sound, (path) => {
        fc.pre(path.toUpperCase() !== path);
        expect(setRuleOf(path, path.toUpperCase())).toBe("case-clash");
        expect(setRuleOf(path, path)).toBe("duplicate");
      }),
    );
  });
});

it("folds case as file systems that ignore it do, and once is enough", () => {
  for (const [a, b] of [
    ["ß", "SS"],
    ["ς", "Σ"],
    ["K", "k"],
    ["İ".toLowerCase(), "İ"],
  ] as const) {
    expect(foldCase(a)).toBe(foldCase(b));
  }
  expect(foldCase("a")).not.toBe(foldCase("b"));
  fc.assert(
    fc.property(fc.string({ unit: "grapheme" }), (name) => {
      expect(foldCase(foldCase(name))).toBe(foldCase(name));
    }),
  );
});

it("takes as many paths as a manifest may have, deep ones too", () => {
  const paths = Array.from({ length: 100_000 }, (_, index) => `data/${index % 300}/${index}.bin`);
  expect(checkPathSet(paths)).toBeNull();
  // Directories that are known already are not looked at level by level each time.
  const deep = "d/".repeat(200);
  expect(checkPathSet(Array.from({ length: 20_000 }, (_, index) => `${deep}${index}`))).toBeNull();
});
