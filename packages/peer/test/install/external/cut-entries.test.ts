import { crc32 } from "node:zlib";
import { seededBytes } from "@lanspread/testkit";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { cutEntries, type EntryTarget, ShortOutput } from "../../../src/install/external/cut-entries.ts";
import type { ApprovedEntry } from "../../../src/install/unrar/messages.ts";

function fileEntry(path: string, content: Uint8Array, changes: Partial<ApprovedEntry> = {}): ApprovedEntry {
  return {
    name: path,
    path,
    type: "file",
    size: content.length,
    mtime: 1_000,
    crc32: crc32(content),
    executable: false,
    ...changes,
  };
}

const DIRECTORY: ApprovedEntry = {
  ...fileEntry("d", new Uint8Array(0)),
  type: "directory",
  crc32: null,
};

/** Keeps what it is told, one text for each call. */
function recorder(): EntryTarget & { readonly calls: string[]; readonly contents: Map<string, Buffer> } {
  const calls: string[] = [];
  const contents = new Map<string, Buffer>();
  let current = "";
  return {
    calls,
    contents,
    directory: async ({ path }) => void calls.push(`directory ${path}`),
    begin: async ({ path }, mtime) => {
      current = path;
      contents.set(path, Buffer.alloc(0));
      calls.push(`begin ${path} ${mtime}`);
    },
    bytes: async (chunk) => {
      expect(chunk.length).toBeGreaterThan(0);
      contents.set(current, Buffer.concat([contents.get(current) ?? Buffer.alloc(0), chunk]));
    },
    end: async (crc) => void calls.push(`end ${current} ${crc}`),
  };
}

async function* inChunks(bytes: Uint8Array, sizes: readonly number[]): AsyncGenerator<Uint8Array> {
  let at = 0;
  for (const size of sizes) {
    if (at >= bytes.length) break;
    yield bytes.subarray(at, at + size);
    at += size;
  }
  if (at < bytes.length) yield bytes.subarray(at);
}

describe("the output of a program", () => {
  it("is cut into the same files however it comes", () =>
    fc.assert(
      fc.asyncProperty(
        fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 8 }),
        fc.array(fc.integer({ min: 1, max: 100 }), { maxLength: 60 }),
        async (contents, sizes) => {
          const entries = contents.map((content, at) => fileEntry(`f${at}`, content));
          const target = recorder();
          await cutEntries({
            archive: "a",
            entries,
            output: inChunks(Buffer.concat(contents), sizes),
            target,
          });
          expect(target.calls).toEqual(
            entries.flatMap(({ path, crc32: crc }) => [`begin ${path} 1000`, `end ${path} ${crc}`]),
          );
          expect([...target.contents.values()]).toEqual(contents.map((content) => Buffer.from(content)));
        },
      ),
    ));

  it("has nothing for directories and empty files, which are told at their places", async () => {
    const target = recorder();
    const entries = [DIRECTORY, fileEntry("zero", new Uint8Array(0)), fileEntry("a", Buffer.from("a"))];
    await cutEntries({ archive: "a", entries, output: inChunks(Buffer.from("a"), []), target });
    expect(target.calls).toEqual([
      "directory d",
      "begin zero 1000",
      "end zero 0",
      "begin a 1000",
      expect.any(String),
    ]);
  });

  it("comes in amounts that are bounded, large files too", async () => {
    const content = seededBytes(1, 5_000_000);
    const seen: number[] = [];
    const target: EntryTarget = { ...recorder(), bytes: async ({ length }) => void seen.push(length) };
    await cutEntries({
      archive: "a",
      entries: [fileEntry("f", content)],
      output: inChunks(content, []),
      target,
    });
    expect(Math.max(...seen)).toBe(1024 * 1024);
    expect(seen.reduce((sum, length) => sum + length)).toBe(content.length);
  });

  it.each([
    ["a wrong byte", Buffer.from("first-secinD-third")],
    ["a byte too many in the middle", Buffer.from("first--second-third")],
    ["a byte too few in the middle", Buffer.from("first-secnd-third")],
  ])("with %s shows at the file where it is, and nothing behind it is told", async (_, bytes) => {
    const entries = ["first-", "second", "-third"].map((text) => fileEntry(text, Buffer.from(text)));
    const target = recorder();
    await expect(
      cutEntries({ archive: "game.eti", entries, output: inChunks(bytes, [4, 4]), target }),
    ).rejects.toMatchObject({
      code: "archive-damaged",
      message: 'game.eti: "second": the checksum is wrong',
    });
    expect(target.calls.at(-1)).toBe("begin second 1000");
  });

  it("that is too short or too long is no success, checksums or not", async () => {
    const entries = [fileEntry("a", Buffer.from("aaaa"), { crc32: null })];
    const cut = (text: string): Promise<void> =>
      cutEntries({
        archive: "game.eti",
        entries,
        output: inChunks(Buffer.from(text), []),
        target: recorder(),
      });
    await cut("aaaa");
    await expect(cut("aaa")).rejects.toBeInstanceOf(ShortOutput);
    await expect(cut("aaaaa")).rejects.toMatchObject({
      code: "archive-damaged",
      message: "game.eti unpacks to more bytes than its headers say",
    });
  });

  it("is waited for no longer when the target fails", async () => {
    async function* output(): AsyncGenerator<Uint8Array> {
      yield new Uint8Array(1024 * 1024);
      await new Promise(() => {});
    }
    const target = { ...recorder(), bytes: () => Promise.reject(new Error("full")) };
    const entries = [fileEntry("a", new Uint8Array(2 * 1024 * 1024))];
    await expect(cutEntries({ archive: "a", entries, output: output(), target })).rejects.toThrow("full");
  });

  it("is handed over one chunk at a time, and no chunk changes before it is taken", async () => {
    const content = seededBytes(2, 5_000_000);
    const taken: Buffer[] = [];
    let calls = 0;
    const target: EntryTarget = {
      ...recorder(),
      async bytes(chunk) {
        expect(++calls).toBe(1);
        const early = Buffer.from(chunk);
        for (let turn = 0; turn < 5; turn++) await new Promise(setImmediate);
        expect(early.equals(chunk)).toBe(true);
        taken.push(early);
        calls -= 1;
      },
      end: async () => expect(calls).toBe(0),
    };
    const output = inChunks(
      content,
      Array.from({ length: 50 }, () => 100_000),
    );
    await cutEntries({ archive: "a", entries: [fileEntry("f", content)], output, target });
    expect(Buffer.concat(taken).equals(content)).toBe(true);
  });
});
