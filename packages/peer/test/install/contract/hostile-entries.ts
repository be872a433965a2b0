import type { Rar5Entry, Rar5Padding } from "@lanspread/testkit";
import { describe, expect } from "vitest";
import { namesIn } from "../support.ts";
import type { Contract } from "./subject.ts";
import { type Outcome, VERSIONS, type Version } from "./trial.ts";

const GOOD: Rar5Entry = { name: "good", content: "good" };
const OVER_255_BYTES = "ü".repeat(128);

/** What every program passes over. */
const UNKNOWN_BLOCK: Rar5Padding = { type: "padding", bytes: 1000, unknownType: true };

/** Names that must not be created, and what the refusal says about each. */
const NAMES: readonly [name: string, rule: string][] = [
  ["../outside", "a component is . or .."],
  ["data/../../outside", "a component is . or .."],
  ["./inside", "a component is . or .."],
  ["/etc/outside", "the path is absolute"],
  ["C:/outside", "the path names a drive"],
  ["c:outside", "the path names a drive"],
  ["CON", "a component is a device name of Windows"],
  ["data/com1.txt", "a component is a device name of Windows"],
  ["a*", "the path has a character that Windows forbids"],
  ["what?", "the path has a character that Windows forbids"],
  ["stream:hidden", "the path has a character that Windows forbids"],
  ["ends with a dot.", "a component ends with a dot or a space"],
  ["e\u0301", "the path is not in Unicode normalization form C"],
  [OVER_255_BYTES, "a component has more than 255 bytes"],
  ["line\nbreak", "the path has a control character"],
  ["data/.lanspread_owned", ".lanspread_owned is a reserved name"],
  [".Local.Backup/x", ".Local.Backup is a reserved name"],
];

/** Names that cannot lie beside each other on every disk. */
const TOGETHER: readonly [what: string, entries: readonly Rar5Entry[], rule: string][] = [
  ["twice", [file("a"), file("a")], "the path is listed twice"],
  ["in another case", [file("a"), file("A")], "the path differs only in case from another"],
  ["in another case of a letter that is none of ASCII", [file("Ü"), file("ü")], "differs only in case"],
  ["below directories that differ in case", [file("d/a"), file("D/b")], "differs only in case"],
  ["as file and as directory", [file("a"), { type: "directory", name: "a" }], "a file here and a directory"],
  ["as file and in a path", [file("a"), file("a/b")], "a file here and a directory elsewhere"],
];

/** What is no file and no directory. */
const TYPES: readonly [what: string, entry: Rar5Entry, versions: readonly Version[]][] = [
  ["a symbolic link", { type: "symlink", name: "x", target: "/etc/passwd" }, VERSIONS],
  ["a junction", { type: "junction", name: "x", target: "C:\\" }, [5]],
  ["a hard link", { type: "hardlink", name: "x", target: "good" }, [5]],
  ["a reparse point of Windows", { name: "x", content: "C:\\", attributes: 0x420 }, VERSIONS],
  ["a block device", { name: "x", content: "", mode: 0o060666 }, VERSIONS],
  ["a character device", { name: "x", content: "", mode: 0o020666 }, VERSIONS],
  ["a pipe", { name: "x", content: "", mode: 0o010666 }, VERSIONS],
  ["a socket", { name: "x", content: "", mode: 0o140666 }, VERSIONS],
];

function file(name: string): Rar5Entry {
  return { name, content: "content" };
}

/** Nothing was made, and a sink has heard of nothing. */
async function expectNothing({ into, streamed, files }: Outcome): Promise<void> {
  expect(files).toBeUndefined();
  expect(await namesIn(into)).toEqual([]);
  expect(streamed.calls).toEqual([]);
}

export function hostileEntries({ it }: Contract): void {
  describe.each(VERSIONS)("before anything is created RAR %i is refused", (version) => {
    // The rules are the same for both: of the older version only that its names come to them.
    for (const [name, rule] of version === 4 ? NAMES.slice(0, 4) : NAMES) {
      const shown = JSON.stringify(name === OVER_255_BYTES ? "ü…" : name);
      it(`RAR ${version}: with the name ${shown}`, async (place, trial) => {
        const outcome = await trial.runEntries(version, [GOOD, file(name)]);
        expect(outcome.error?.code).toBe("archive-unsafe-path");
        expect(outcome.error?.message).toContain(outcome.archive);
        expect(outcome.error?.message).toContain(JSON.stringify(name));
        expect(outcome.error?.message).toContain(rule);
        await expectNothing(outcome);
        expect(await namesIn(place.path)).toEqual(["game.eti", "into-game.eti"]);
      });
    }
  });

  describe("before anything is created a name is refused that is there", () => {
    for (const [what, entries, rule] of TOGETHER) {
      it(`a name that is there ${what}`, async (_, trial) => {
        const outcome = await trial.runEntries(5, entries);
        expect(outcome.error?.code).toBe("archive-unsafe-path");
        expect(outcome.error?.message).toContain(rule);
        await expectNothing(outcome);
      });
    }
  });

  it("a name with a backslash leads nowhere", async (_, trial) => {
    const outcome = await trial.runEntries(5, [GOOD, file("..\\outside")]);
    expect(outcome.error?.code).toBe("archive-unsafe-path");
    await expectNothing(outcome);
  });

  it("RAR 5: a name that goes on behind a NUL is refused: what is before it is another name", async (_, trial) => {
    const outcome = await trial.runEntries(5, [GOOD, file("a\0b")]);
    expect(outcome.error?.code).toBe("archive-unsafe-path");
    expect(outcome.error?.message).toContain('"a\\u0000b"');
    await expectNothing(outcome);
  });

  it("RAR 5: a reference is refused behind a block of an unknown type, too", async (_, trial) => {
    const reference = { type: "hardlink", name: "x", target: "good", mode: 0o100644 } as const;
    const outcome = await trial.runEntries(5, [UNKNOWN_BLOCK, GOOD, reference]);
    expect(outcome.error?.code).toBe("archive-unsupported");
    expect(outcome.error?.message).toContain('"x" is a link or a reference to another entry');
    await expectNothing(outcome);
  });

  for (const [what, entry, versions] of TYPES) {
    for (const version of versions) {
      it(`RAR ${version}: ${what} is refused before anything is created`, async (_, trial) => {
        const outcome = await trial.runEntries(version, [GOOD, entry]);
        expect([outcome.error?.code, outcome.error?.message]).toEqual([
          "archive-unsupported",
          expect.stringContaining('"x" is a'),
        ]);
        expect(outcome.error?.message).toContain(outcome.archive);
        await expectNothing(outcome);
      });
    }
  }
}
