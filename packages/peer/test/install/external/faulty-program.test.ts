import { existsSync } from "node:fs";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import {
  eventually,
  seededBytes,
  type TemporaryDirectory,
  temporaryDirectory,
  writeRar4,
  writeRar5,
} from "@lanspread/testkit";
import { describe, expect, it } from "vitest";
import { createExternalUnpacker } from "../../../src/install/external/external-unpacker.ts";
import type { EntrySink } from "../../../src/install/index.ts";
import { namesIn } from "../support.ts";
import { fakeUnavailable, fakeUnrar } from "./fake-program.ts";

const FIRST = seededBytes(1, 3_000_000);
const SECOND = Buffer.from("second");
const ENTRIES = [
  { name: "first", content: FIRST },
  { name: "empty", content: "" },
  { name: "d/second", content: SECOND },
];

/** An archive, what a right program writes for it (in the file `content`), and a program that does what the lines say. */
async function arrange(place: TemporaryDirectory, ...lines: readonly string[]) {
  const archive = place.join("game.eti");
  await writeRar5(archive, ENTRIES);
  await writeFile(place.join("content"), Buffer.concat([FIRST, SECOND]));
  const into = place.join("into");
  await mkdir(into);
  const path = await fakeUnrar(place, `cd '${place.path}'`, ...lines);
  return { archive, into, unpacker: await createExternalUnpacker(path), path };
}

const noSink: EntrySink = {
  directory: async () => {},
  fileBegin: async () => {},
  bytes: async () => {},
  fileEnd: async () => {},
};

/** Whether a process runs. A zombie does not. */
async function runs(pid: number): Promise<boolean> {
  const state = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => undefined);
  return state !== undefined && !/\) Z /u.test(state);
}

/** The processes that a program has written down. Waits for them. */
async function pidsIn(place: TemporaryDirectory): Promise<readonly number[]> {
  const read = (): Promise<string | undefined> => readFile(place.join("pids"), "utf8").catch(() => undefined);
  const text = await eventually(read, { what: "the processes" });
  return text.trim().split(" ").map(Number);
}

describe.skipIf(fakeUnavailable !== undefined)("an archive, with a program that", () => {
  it.each([
    ["is right", "cat content"],
    ["warns, and is right all the same", "cat content; echo 'WARNING: data behind the end' >&2; exit 1"],
    ["complains without end, and is right all the same", "yes complaint | head -c 20000000 >&2; cat content"],
    ["would ask a question", "read answer && exit 9; cat content"],
  ])("%s, is unpacked", async (_, line) => {
    await using place = await temporaryDirectory();
    const { archive, into, unpacker } = await arrange(place, line);
    const files = await unpacker.unpack({ archive, into });
    expect(files.map(({ path, size }) => [path, size])).toEqual([
      ["first", FIRST.length],
      ["empty", 0],
      ["d/second", SECOND.length],
    ]);
    expect((await readFile(place.join("into/first"))).equals(FIRST)).toBe(true);
    expect(await readFile(place.join("into/d/second"), "utf8")).toBe("second");
    expect(await unpacker.stream({ archive, sink: noSink })).toEqual({
      files: 3,
      bytes: FIRST.length + SECOND.length,
    });
  });

  it.each([
    [
      "gives a wrong byte",
      "head -c 2999999 content; echo x; tail -c 5 content",
      "archive-damaged",
      '"first": the checksum is wrong',
    ],
    [
      "gives too many bytes",
      "cat content; echo more",
      "archive-damaged",
      " unpacks to more bytes than its headers say",
    ],
    [
      "gives bytes without end",
      "cat content; exec yes",
      "archive-damaged",
      " unpacks to more bytes than its headers say",
    ],
    ["gives nothing", "exit 0", "archive-damaged", '"first" cannot be unpacked by UNRAR 6.21'],
    [
      "gives up with its own words",
      "head -c 1000000 content; echo 'Some fault' >&2; exit 3",
      "archive-damaged",
      '"first" cannot be unpacked: UNRAR 6.21 says "Some fault"',
    ],
    [
      "fails behind the last byte",
      "cat content; exit 3",
      "archive-damaged",
      " cannot be unpacked by UNRAR 6.21",
    ],
    [
      "misses a volume",
      "head -c 1000000 content; echo 'Cannot find volume game.r00' >&2; exit 3",
      "archive-missing-volume",
      '"first" goes on in a volume that is missing',
    ],
    [
      "finds the end too early",
      "head -c 1000000 content; echo 'Unexpected end of archive' >&2; exit 3",
      "archive-truncated",
      '"first" ends too early',
    ],
    [
      "wants a password",
      "echo 'Incorrect password for first' >&2; exit 11",
      "archive-password",
      '"first" needs a password',
    ],
    [
      "does not know the method",
      "echo 'ERROR: Unsupported Method : first' >&2; exit 2",
      "archive-unsupported",
      "method",
    ],
    ["has not enough memory", "exit 8", "archive-unsupported", '"first" needs more memory than there is'],
    ["is killed", "head -c 1000000 content; kill -9 $$", "internal", "when SIGKILL ended it"],
  ])("%s, fails and names archive and entry", async (_, line, code, words) => {
    await using place = await temporaryDirectory();
    const { archive, into, unpacker } = await arrange(place, line);
    const error = { code, message: expect.stringContaining(words) };
    await expect(unpacker.unpack({ archive, into })).rejects.toMatchObject(error);
    await expect(unpacker.stream({ archive, sink: noSink })).rejects.toMatchObject(error);
    await expect(unpacker.stream({ archive, sink: noSink })).rejects.toThrow(archive);
  });

  it("has gone since it was named, fails and names the program", async () => {
    await using place = await temporaryDirectory();
    const { archive, into, unpacker, path } = await arrange(place, "cat content");
    await rm(path);
    await expect(unpacker.unpack({ archive, into })).rejects.toMatchObject({
      code: "unpacker-unusable",
      message: expect.stringContaining(path),
    });
  });

  it("ends before anybody reads, is unpacked whole", async () => {
    await using place = await temporaryDirectory();
    const { archive, unpacker } = await arrange(
      place,
      "head -c 60000 content; echo $$ > writing; mv writing pids",
    );
    await writeRar5(archive, [{ name: "first", content: FIRST.subarray(0, 60_000) }]);
    const chunks: Buffer[] = [];
    const sink: EntrySink = {
      ...noSink,
      async fileBegin() {
        const [pid = 0] = await pidsIn(place);
        await eventually(async () => !(await runs(pid)), { what: "the program's end" });
        // Node hears of the end in a later turn than the system tells it.
        for (let turn = 0; turn < 10; turn++) await new Promise(setImmediate);
      },
      bytes: async (chunk) => void chunks.push(Buffer.from(chunk)),
    };
    expect(await unpacker.stream({ archive, sink })).toEqual({ files: 1, bytes: 60_000 });
    expect(Buffer.concat(chunks).equals(FIRST.subarray(0, 60_000))).toBe(true);
  });
});

describe.skipIf(fakeUnavailable !== undefined)("a program and all that it has started have ended", () => {
  /** Starts a child of its own, says who both are, gives a part and then nothing for ten minutes. */
  const STALLS = [
    "sleep 600 &",
    'echo "$$ $!" > writing; mv writing pids',
    "head -c 2000000 content",
    "sleep 600",
  ];

  async function expectEnded(place: TemporaryDirectory): Promise<void> {
    const pids = await pidsIn(place);
    expect(pids).toHaveLength(2);
    // The child of a killed program is the system's to bury.
    for (const pid of pids) await eventually(async () => !(await runs(pid)), { what: `the end of ${pid}` });
  }

  it("when an unpacking is cancelled in the middle of an entry", async () => {
    await using place = await temporaryDirectory();
    const { archive, into, unpacker } = await arrange(place, ...STALLS);
    const stop = new AbortController();
    const unpacking = unpacker.unpack({ archive, into, signal: stop.signal });
    await pidsIn(place);
    stop.abort();
    await expect(unpacking).rejects.toMatchObject({
      code: "cancelled",
      message: expect.stringContaining(archive),
    });
    await expectEnded(place);
  });

  it("when a sink fails, or never comes back and the stream is cancelled", async () => {
    await using place = await temporaryDirectory();
    const { archive, unpacker } = await arrange(place, ...STALLS);
    const failing: EntrySink = {
      ...noSink,
      async bytes() {
        await pidsIn(place);
        throw new Error("the sink is full");
      },
    };
    await expect(unpacker.stream({ archive, sink: failing })).rejects.toThrow("the sink is full");
    await expectEnded(place);
    await rm(place.join("pids"));
    const stop = new AbortController();
    const called = Promise.withResolvers<void>();
    const stuck: EntrySink = {
      ...noSink,
      bytes() {
        called.resolve();
        return new Promise(() => {});
      },
    };
    const streaming = unpacker.stream({ archive, signal: stop.signal, sink: stuck });
    await called.promise;
    stop.abort();
    await expect(streaming).rejects.toMatchObject({ code: "cancelled" });
    await expectEnded(place);
  });

  it("when what it gives is wrong", async () => {
    await using place = await temporaryDirectory();
    const { archive, into, unpacker } = await arrange(
      place,
      "sleep 600 &",
      'echo "$$ $!" > writing; mv writing pids',
      "head -c 3000000 /dev/zero",
      "sleep 600",
    );
    await expect(unpacker.unpack({ archive, into })).rejects.toMatchObject({ code: "archive-damaged" });
    await expectEnded(place);
  });
});

describe.skipIf(fakeUnavailable !== undefined)("content whose checksum no header tells", () => {
  it("is tested by the program before any of it is taken", async () => {
    await using place = await temporaryDirectory();
    const content = seededBytes(3, 250_000);
    await writeRar4(
      { bytes: 100_000, path: (index) => place.join(index === 0 ? "game.eti" : `game.r0${index - 1}`) },
      [{ name: "first.bin", content }],
    );
    await writeFile(place.join("content"), content);
    const into = place.join("into");
    await mkdir(into);
    const test = (answer: string): string =>
      `cd '${place.path}'; echo $1 >> calls; if [ $1 = t ]; then ${answer}; fi; exec cat content`;
    const archive = place.join("game.eti");
    const refusing = await createExternalUnpacker(
      await fakeUnrar(place, test("echo 'first.bin - checksum error' >&2; exit 3")),
    );
    await expect(refusing.unpack({ archive, into })).rejects.toMatchObject({
      code: "archive-damaged",
      message: `${archive} cannot be unpacked: UNRAR 6.21 says "first.bin - checksum error"`,
    });
    expect(await readFile(place.join("calls"), "utf8")).toBe("t\n");
    expect(await namesIn(into)).toEqual([]);
    const agreeing = await createExternalUnpacker(await fakeUnrar(place, test("exit 0")));
    expect(await agreeing.unpack({ archive, into })).toMatchObject([{ path: "first.bin", size: 250_000 }]);
    expect(await readFile(place.join("calls"), "utf8")).toBe("t\nt\np\n");
  });
});

it.skipIf(fakeUnavailable !== undefined)("an archive without content asks no program", async () => {
  await using place = await temporaryDirectory();
  const { archive, into, unpacker } = await arrange(place, "touch called");
  await writeRar5(archive, [
    { type: "directory", name: "d" },
    { name: "empty", content: "" },
  ]);
  expect(await unpacker.unpack({ archive, into })).toMatchObject([{ path: "empty", size: 0, crc32: 0 }]);
  expect(existsSync(place.join("called"))).toBe(false);
  expect(await namesIn(into)).toEqual(["d", "empty"]);
});
