import { mkdir, readdir, readFile, rename, rm, rmdir, writeFile } from "node:fs/promises";
import { gameVersionSchema, type Hash, hashSchema } from "@lanspread/proto";
import { temporaryDirectory } from "@lanspread/testkit";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { openJournal, readJournal, removeJournal } from "../../src/download/journal.ts";
import { type JournalRecord, journalRecordSchema, journalToJson } from "../../src/download/journal-record.ts";
import { decodePieces, encodePieces, encodeRun } from "../../src/download/pieces-file.ts";
import { openStateDir } from "../../src/storage/index.ts";
import { GGOO } from "./support.ts";

const HASH: Hash = hashSchema.parse("ab".repeat(32));
const OTHER: Hash = hashSchema.parse("cd".repeat(32));

const RECORD: JournalRecord = {
  gameId: GGOO,
  root: "/games/ggoo",
  version: gameVersionSchema.parse("20180412"),
  manifestHash: HASH,
  contentId: OTHER,
  pieceSize: 4,
  oldSentinel: true,
  touched: false,
  files: [
    { path: "a", size: 10, old: true },
    { path: "version.ini", size: 3, old: false },
  ],
  oldFiles: ["b"],
};

const runs = (pieceCount: number) =>
  fc.array(
    fc
      .tuple(fc.nat(pieceCount - 1), fc.nat(pieceCount - 1))
      .map(([a, b]) => ({ first: Math.min(a, b), count: Math.abs(a - b) + 1 })),
  );

const pieces = fc.array(fc.constantFrom(0, 1), { minLength: 1, maxLength: 200 }).chain((done) =>
  fc.record({
    done: fc.constant(Uint8Array.from(done)),
    begun: runs(done.length),
  }),
);

function isRecord(text: string): boolean {
  try {
    return journalRecordSchema.safeParse(JSON.parse(text)).success;
  } catch {
    return false;
  }
}

describe("the file of pieces", () => {
  it("says what was written to it", () => {
    fc.assert(
      fc.property(pieces, ({ done, begun }) => {
        expect(decodePieces(encodePieces(HASH, done, begun), HASH, done.length)).toEqual({ done, begun });
      }),
    );
  });

  it("is about one manifest", () => {
    const bytes = encodePieces(HASH, Uint8Array.of(1, 0, 1), []);
    expect(decodePieces(bytes, OTHER, 3)).toBeNull();
    expect(decodePieces(bytes, HASH, 4)).toBeNull();
  });

  it("never says more than it did when it is cut short or when runs are torn", () => {
    fc.assert(
      fc.property(pieces, fc.nat(), ({ done, begun }, cut) => {
        const bytes = encodePieces(HASH, done, begun);
        const read = decodePieces(bytes.subarray(0, cut % bytes.length), HASH, done.length);
        if (read === null) return;
        expect(read.done).toEqual(done);
        expect(read.begun).toEqual(begun.slice(0, read.begun.length));
      }),
    );
    const torn = Buffer.concat([
      encodePieces(HASH, Uint8Array.of(0, 0), [{ first: 0, count: 1 }]),
      encodeRun({ first: 1, count: 2 ** 31 }),
      encodeRun({ first: 1, count: 1 }),
    ]);
    expect(decodePieces(torn, HASH, 2)?.begun).toEqual([{ first: 0, count: 1 }]);
  });

  it("is refused for every bit that is flipped before the runs", () => {
    const bytes = encodePieces(HASH, Uint8Array.of(1, 0, 1, 0, 0, 0, 0, 0, 1), []);
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const flipped = Uint8Array.from(bytes, (byte, at) =>
        at === bit >> 3 ? byte ^ (1 << (bit & 7)) : byte,
      );
      expect(decodePieces(flipped, HASH, 9)).toBeNull();
    }
  });

  it("does not throw whatever is in it", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.nat(100), (bytes, count) => {
        decodePieces(bytes, HASH, count);
      }),
    );
  });
});

describe("the journal's record", () => {
  it("says what was written to it", () => {
    expect(journalRecordSchema.parse(JSON.parse(journalToJson(RECORD)))).toEqual(RECORD);
  });

  it.each([
    "local/save",
    "LOCAL/save",
    "../other/version.ini",
    "/etc/passwd",
    ".sync/x",
    ".local.backup/x",
    "a\\b",
    "",
  ])("names no %j, which is no payload: what it names may be removed", (path) => {
    const files = journalToJson({
      ...RECORD,
      files: [{ path, size: 1, old: false }],
    });
    expect(journalRecordSchema.safeParse(JSON.parse(files)).success).toBe(false);
    const old = journalToJson({ ...RECORD, oldFiles: [path] });
    expect(journalRecordSchema.safeParse(JSON.parse(old)).success).toBe(false);
  });
});

describe("the journal's record", () => {
  it("is refused for every byte that is another", () => {
    const text = journalToJson(RECORD);
    for (let at = 0; at < text.length; at++) {
      const changed = `${text.slice(0, at)}${String.fromCharCode(text.charCodeAt(at) ^ 1)}${text.slice(at + 1)}`;
      expect(isRecord(changed), changed).toBe(false);
    }
  });
});

describe("the journal", () => {
  it("has every run of many that begin at once, each behind the note that did not know of it", async () => {
    await using dir = await temporaryDirectory();
    const stateDir = await openStateDir(dir.path);
    const record = { ...RECORD, pieceSize: 1, files: [{ path: "a", size: 100, old: false }] };
    const none = { done: new Uint8Array(100), begun: [] };
    await using journal = await openJournal(stateDir, record, none, false);
    const runs = Array.from({ length: 100 }, (_, first) => ({ first, count: 1 }));
    await Promise.all([
      ...runs.slice(0, 50).map((run) => journal.begin(run)),
      journal.note(new Uint8Array(100), runs.slice(0, 50)),
      ...runs.slice(50).map((run) => journal.begin(run)),
    ]);
    expect(await readJournal(stateDir, GGOO)).toMatchObject({ pieces: { begun: runs } });
  });

  it("goes on with what was noted and what was begun since", async () => {
    await using dir = await temporaryDirectory();
    const stateDir = await openStateDir(dir.path);
    const none = { done: new Uint8Array(4), begun: [] };
    await using journal = await openJournal(stateDir, RECORD, none, false);
    await journal.begin({ first: 0, count: 2 });
    await Promise.all([
      journal.note(Uint8Array.of(1, 0, 0, 0), [{ first: 1, count: 1 }]),
      journal.begin({ first: 2, count: 1 }),
    ]);
    await journal.touch();
    expect(await readJournal(stateDir, GGOO)).toEqual({
      status: "found",
      isDiscarded: false,
      record: { ...RECORD, touched: true },
      pieces: {
        done: Uint8Array.of(1, 0, 0, 0),
        begun: [
          { first: 1, count: 1 },
          { first: 2, count: 1 },
        ],
      },
    });
  });

  it("without its pieces has nothing done", async () => {
    await using dir = await temporaryDirectory();
    const stateDir = await openStateDir(dir.path);
    await using _ = await openJournal(
      stateDir,
      RECORD,
      { done: Uint8Array.of(1, 1, 1, 1), begun: [] },
      false,
    );
    await rm(stateDir.downloadBitmap(GGOO));
    expect(await readJournal(stateDir, GGOO)).toMatchObject({
      status: "found",
      pieces: { done: new Uint8Array(4), begun: [] },
    });
  });

  it("whose pieces are damaged takes none for done, and each for one that may be there", async () => {
    await using dir = await temporaryDirectory();
    const stateDir = await openStateDir(dir.path);
    const all = { done: Uint8Array.of(1, 1, 1, 1), begun: [] };
    await using _ = await openJournal(stateDir, RECORD, all, false);
    const path = stateDir.downloadBitmap(GGOO);
    const unsure = {
      status: "found",
      pieces: {
        done: new Uint8Array(4),
        begun: [
          { first: 0, count: 3 },
          { first: 3, count: 1 },
        ],
      },
    };
    await writeFile(path, "nonsense");
    expect(await readJournal(stateDir, GGOO)).toMatchObject(unsure);
    await rm(path);
    await mkdir(path);
    expect(await readJournal(stateDir, GGOO)).toMatchObject(unsure);
  });

  it("that is damaged is set aside", async () => {
    await using dir = await temporaryDirectory();
    const stateDir = await openStateDir(dir.path);
    await using _ = await openJournal(stateDir, RECORD, { done: new Uint8Array(4), begun: [] }, false);
    await writeFile(stateDir.downloadJournal(GGOO), "{");
    expect(await readJournal(stateDir, GGOO)).toMatchObject({
      status: "damaged",
    });
    expect(await readFile(`${stateDir.downloadJournal(GGOO)}.damaged`, "utf8")).toBe("{");
  });
});

describe("forgetting a download", () => {
  it("removes the record and the pieces, and nothing else", async () => {
    await using dir = await temporaryDirectory();
    const stateDir = await openStateDir(dir.path);
    await using _ = await openJournal(stateDir, RECORD, { done: new Uint8Array(4), begun: [] }, false);
    await writeFile(stateDir.installedList(GGOO), "{}");
    expect((await readdir(stateDir.gameDir(GGOO))).sort()).toEqual([
      "download.json",
      "installed.json",
      "pieces",
    ]);
    await removeJournal(stateDir, GGOO);
    expect(await readdir(stateDir.gameDir(GGOO))).toEqual(["installed.json"]);
    await removeJournal(stateDir, GGOO);
    await rm(stateDir.gameDir(GGOO), { recursive: true });
    await removeJournal(stateDir, GGOO);
  });

  it("begins with the pieces: without them the record still says whose the files are", async () => {
    await using dir = await temporaryDirectory();
    const stateDir = await openStateDir(dir.path);
    await using _ = await openJournal(
      stateDir,
      RECORD,
      { done: Uint8Array.of(1, 1, 1, 1), begun: [] },
      false,
    );
    // What lies at the record's name cannot be removed as a file.
    const record = stateDir.downloadJournal(GGOO);
    await rename(record, `${record}.kept`);
    await mkdir(record);
    await expect(removeJournal(stateDir, GGOO)).rejects.toThrow(record);
    await rmdir(record);
    await rename(`${record}.kept`, record);
    expect(await readJournal(stateDir, GGOO)).toEqual({
      status: "found",
      isDiscarded: true,
      record: RECORD,
      pieces: { done: new Uint8Array(4), begun: [] },
    });
  });

  it("keeps the record where the pieces cannot be removed", async () => {
    await using dir = await temporaryDirectory();
    const stateDir = await openStateDir(dir.path);
    await using _ = await openJournal(stateDir, RECORD, { done: new Uint8Array(4), begun: [] }, false);
    await rm(stateDir.downloadBitmap(GGOO));
    await mkdir(stateDir.downloadBitmap(GGOO));
    await expect(removeJournal(stateDir, GGOO)).rejects.toThrow(stateDir.downloadBitmap(GGOO));
    expect(await readJournal(stateDir, GGOO)).toMatchObject({ status: "found", record: RECORD });
  });
});
