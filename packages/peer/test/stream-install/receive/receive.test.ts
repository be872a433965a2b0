import { mkdir, readFile, stat, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { encodeControlFrame, encodeTaggedFrame, sha256, TAG } from "@lanspread/proto";
import { eventually, seededBytes } from "@lanspread/testkit";
import { describe, expect, it } from "vitest";
import { PeerError } from "../../../src/errors/index.ts";
import { readInstalledList } from "../../../src/install/index.ts";
import type { StreamInstallProgress } from "../../../src/stream-install/receive/index.ts";
import { GGOO, namesIn, tree, writeFiles } from "../../install/support.ts";
import { openFilesBelow } from "../send/threads.ts";
import { FRAMES, GAME, LEVEL } from "./game.ts";
import { memorySource } from "./memory-source.ts";
import { createReceiving, failureOf, type Receiving } from "./receiving.ts";
import { type Script, sends, sendsAndWaits, sendsForEver } from "./scripted-sender.ts";
import { encodeFrames, type Frame, framesOf, MTIME, manifestOf, type StreamArchive } from "./support.ts";

const WHOLE = sends(encodeFrames(FRAMES));

async function expectInstalled({ rig }: Receiving): Promise<void> {
  const local = join(rig.root, "local");
  expect((await readFile(join(local, "data/level.bin"))).equals(LEVEL)).toBe(true);
  expect(Object.keys(await tree(local))).toEqual([
    "data/",
    "data/empty.txt",
    "data/level.bin",
    "game.exe",
    "saves/",
  ]);
  expect(await namesIn(rig.root)).toEqual(["local"]);
  expect(await namesIn(rig.stateDir.gameDir(GGOO))).toEqual(["installed.json"]);
  expect(openFilesBelow(rig.gamesDir)).toEqual([]);
}

/** Receives a game that consists of these archives. */
async function receiveArchives(receiving: Receiving, archives: readonly StreamArchive[]): Promise<void> {
  const sender = await receiving.sender(sends(encodeFrames(framesOf(archives))));
  const manifest = manifestOf(Object.fromEntries(archives.map(({ name }) => [name, 1])));
  await receiving.receive([sender], { manifest });
}

describe("receiving a game", () => {
  it("makes local/ of what comes, with sizes, checksums and times, and a list of it", async () => {
    await using receiving = await createReceiving();
    const sender = await receiving.sender(WHOLE);
    const progress: StreamInstallProgress[] = [];
    const result = await receiving.receive([sender], { onProgress: (sample) => progress.push(sample) });

    expect(result).toEqual({ files: 3, bytes: 2_500_008, peerId: sender.peerId, failed: [] });
    await expectInstalled(receiving);
    const { rig } = receiving;
    expect((await stat(join(rig.root, "local/data/level.bin"))).mtimeMs).toBe(MTIME);
    const list = await readInstalledList(rig.stateDir, GGOO);
    expect(list?.version).toBe("20180412");
    expect(list?.files.map(({ path, size, crc32, mtime }) => [path, size, crc32, mtime])).toEqual([
      ["data/level.bin", 2_500_000, FRAMES.flatMap(checksums)[0], MTIME],
      ["data/empty.txt", 0, 0, MTIME],
      ["game.exe", 8, FRAMES.flatMap(checksums)[2], MTIME],
    ]);
    expect(progress[0]).toEqual({ phase: "streaming", doneBytes: 0, totalBytes: 0 });
    expect(progress.at(-1)).toEqual({ phase: "flushing", doneBytes: 2_500_008, totalBytes: 2_500_008 });
    expect(sender.requests).toHaveLength(1);
    await eventually(() => sender.openStreams() === 0);
    expect(rig.log.filter(({ level }) => level === "warn" || level === "error")).toEqual([]);
  });

  it("takes zero-byte files as any other: they have a checksum too", async () => {
    await using receiving = await createReceiving();
    await receiveArchives(receiving, [
      {
        name: "ggoo.eti",
        entries: Array.from({ length: 100 }, (_, index) => ({ path: `${index}`, content: "" })),
      },
    ]);
    expect(await namesIn(join(receiving.rig.root, "local"))).toHaveLength(100);
  });

  it("lets a later archive bring a file anew, whatever is still being written of the first", async () => {
    await using receiving = await createReceiving();
    await receiveArchives(receiving, [
      {
        name: "a.eti",
        entries: [
          { path: "only/a", content: "a" },
          { path: "both", content: seededBytes(3, 3_000_000) },
          { path: "many/0", content: "old" },
        ],
      },
      {
        name: "b.eti",
        entries: [
          { path: "many/0", content: "new" },
          { path: "both", content: seededBytes(4, 5_000) },
          { path: "only/b", content: "b" },
        ],
      },
    ]);
    const { rig } = receiving;
    expect(await readFile(join(rig.root, "local/many/0"), "utf8")).toBe("new");
    expect((await readFile(join(rig.root, "local/both"))).equals(seededBytes(4, 5_000))).toBe(true);
    expect(
      (await readInstalledList(rig.stateDir, GGOO))?.files.map(({ path, size }) => [path, size]),
    ).toEqual([
      ["only/a", 1],
      ["both", 5_000],
      ["many/0", 3],
      ["only/b", 1],
    ]);
  });

  it("has what the last of many archives brings, however fast they follow each other", async () => {
    await using receiving = await createReceiving();
    const archives = Array.from({ length: 300 }, (_, index) => ({
      name: `${String(index).padStart(3, "0")}.eti`,
      entries: [{ path: "x", content: `of archive ${index}` }],
    }));
    await receiveArchives(receiving, archives);
    expect(await readFile(join(receiving.rig.root, "local/x"), "utf8")).toBe("of archive 299");
  });

  it("makes thousands of small files and none but them", async () => {
    await using receiving = await createReceiving();
    const entries = Array.from({ length: 3_000 }, (_, index) => ({
      path: `${index % 50}/${index}`,
      content: `file ${index}`,
    }));
    await receiveArchives(receiving, [{ name: "ggoo.eti", entries }]);
    for (const index of [0, 1_234, 2_999]) {
      expect(await readFile(join(receiving.rig.root, `local/${index % 50}/${index}`), "utf8")).toBe(
        `file ${index}`,
      );
    }
    const files = Object.keys(await tree(join(receiving.rig.root, "local"))).filter(
      (path) => !path.endsWith("/"),
    );
    expect(files).toHaveLength(3_000);
  });

  it("moves times that no file system stores to where one does", async () => {
    await using receiving = await createReceiving();
    const { MAX_SAFE_INTEGER: most, MIN_SAFE_INTEGER: least } = Number;
    await receiveArchives(receiving, [
      {
        name: "ggoo.eti",
        entries: [
          { path: "late", content: "", mtime: most },
          { path: "early", content: "", mtime: least },
        ],
      },
    ]);
    const files = (await readInstalledList(receiving.rig.stateDir, GGOO))?.files ?? [];
    for (const { path, mtime } of files) {
      expect((await stat(join(receiving.rig.root, "local", path))).mtime.getTime()).toBe(mtime);
    }
  });

  it("keeps what was in the game root", async () => {
    await using receiving = await createReceiving({ "half.eti": "of an unfinished download" });
    await receiving.receive([await receiving.sender(WHOLE)]);
    expect(await namesIn(receiving.rig.root)).toEqual(["half.eti", "local"]);
  });

  it("does not wait for the end of a stream that is complete and then lost", async () => {
    await using receiving = await createReceiving();
    const sender = memorySource(encodeFrames(FRAMES), () => {
      throw new Error("the connection is lost");
    });
    expect((await receiving.receive([sender])).files).toBe(3);
    await expectInstalled(receiving);
  });
});

function checksums(frame: Frame): number[] {
  return !Buffer.isBuffer(frame) && frame.type === "file_end" ? [frame.crc32] : [];
}

describe("a game without archives", () => {
  const FILES = { "data/level.bin": LEVEL, "game.exe": Buffer.from("the game"), none: Buffer.alloc(0) };
  const manifest = manifestOf(
    Object.fromEntries(Object.entries(FILES).map(([path, { length }]) => [path, length])),
  );
  /** In the order of the manifest, in which `version.ini` is the last. */
  const digests = Buffer.concat(
    [...Object.values(FILES), Buffer.from("20180412.00")].flatMap((content) =>
      Array.from({ length: Math.ceil(content.length / manifest.piece_size) }, (_, index) =>
        sha256(content.subarray(index * manifest.piece_size, (index + 1) * manifest.piece_size)),
      ),
    ),
  );
  const streamOf = (files: Record<string, Uint8Array>): Script =>
    sends(
      encodeFrames(
        framesOf([
          { name: GGOO, entries: Object.entries(files).map(([path, content]) => ({ path, content })) },
        ]),
      ),
    );

  it("is held against the digests of its pieces", async () => {
    await using receiving = await createReceiving();
    await receiving.receive([await receiving.sender(streamOf(FILES))], { manifest, digests });
    const { rig } = receiving;
    expect((await readFile(join(rig.root, "local/data/level.bin"))).equals(LEVEL)).toBe(true);
    expect((await readInstalledList(rig.stateDir, GGOO))?.files).toHaveLength(3);
  });

  it.each([0, 1_048_575, 1_048_576, 2_499_999])(
    "is refused with another byte at %i, whatever checksum it has",
    async (at) => {
      await using receiving = await createReceiving();
      const level = Buffer.from(LEVEL);
      level[at] = (level[at] ?? 0) ^ 1;
      const liar = await receiving.sender(streamOf({ ...FILES, "data/level.bin": level }));
      const error = await failureOf(receiving, () => receiving.receive([liar], { manifest, digests }));
      const from = Math.floor(at / manifest.piece_size) * manifest.piece_size;
      expect([error.code, error.message]).toEqual([
        "verification",
        expect.stringContaining(`"data/level.bin" has other bytes than the game from ${from} on`),
      ]);
    },
  );
});

describe("is refused before anybody is asked", () => {
  const cases: [what: string, files: Record<string, string>, code: string][] = [
    [
      "what is downloaded: it is installed from this disk",
      { "version.ini": "2018\n", "ggoo.eti": "x" },
      "already-downloaded",
    ],
    ["what is installed", { "local/game.exe": "x" }, "already-installed"],
    ["what is installed under another spelling", { "LOCAL/game.exe": "x" }, "already-installed"],
    ["a directory of the user's at the reserved name", { ".local.installing/mine": "x" }, "already-exists"],
  ];
  it.each(cases)("%s", async (_, files, code) => {
    await using receiving = await createReceiving(files);
    const sender = await receiving.sender(WHOLE);
    const error = await failureOf(receiving, () => receiving.receive([sender]));
    expect(error.code).toBe(code);
    expect(sender.requests).toEqual([]);
  });

  it("a link in the place of the game root", async () => {
    await using receiving = await createReceiving();
    const { rig } = receiving;
    await mkdir(rig.place.join("elsewhere"));
    await symlink(rig.place.join("elsewhere"), rig.root);
    const sender = await receiving.sender(WHOLE);
    const error = await failureOf(receiving, () => receiving.receive([sender]));
    expect([error.code, error.message]).toEqual(["not-a-directory", expect.stringContaining(rig.root)]);
    expect(sender.requests).toEqual([]);
  });
});

const BUSY = sends(
  encodeControlFrame({ type: "error", code: "busy", message: "8 games are being sent", retryable: true }),
);
const wrongChecksum = FRAMES.map((frame) =>
  !Buffer.isBuffer(frame) && frame.type === "file_end" ? { ...frame, crc32: 1 } : frame,
);
const half = encodeFrames(FRAMES).subarray(0, 1_500_000);
const failing: [what: string, script: Script, code: string, why: string][] = [
  [
    "says at once that it cannot",
    sends(
      encodeControlFrame({ type: "error", code: "operation_active", message: "busy here", retryable: true }),
    ),
    "stream-failed",
    "it says operation_active: busy here",
  ],
  [
    "says in the middle that its archive is damaged",
    sends(
      Buffer.concat([
        encodeFrames(FRAMES.slice(0, 12)),
        encodeControlFrame({
          type: "error",
          code: "internal",
          message: "ggoo.eti is damaged",
          retryable: false,
        }),
      ]),
    ),
    "stream-failed",
    "it says internal: ggoo.eti is damaged",
  ],
  [
    "sends nothing and finishes",
    sends(new Uint8Array(0)),
    "stream-failed",
    "its stream ends before the game is complete",
  ],
  [
    "finishes in the middle of a frame",
    sends(half),
    "stream-failed",
    "its stream ends before the game is complete",
  ],
  [
    "finishes between two frames",
    sends(encodeFrames(FRAMES.slice(0, -1))),
    "stream-failed",
    "its stream ends before the game is complete",
  ],
  ["dies before it sends", async (_, connection) => connection.close(), "stream-failed", ""],
  [
    "dies in the middle",
    async (stream, connection) => {
      await stream.write(half);
      connection.close();
    },
    "stream-failed",
    "",
  ],
  [
    "resets its stream",
    async (stream) => {
      await stream.write(half);
      stream.reset(4);
    },
    "stream-failed",
    "4",
  ],
  [
    "has another checksum",
    sends(encodeFrames(wrongChecksum)),
    "verification",
    '"data/level.bin" has another checksum than it says',
  ],
  ["sends no frames", sends(Buffer.from("HTTP/1.1 200 OK\r\n\r\n")), "verification", "unknown frame tag 72"],
  [
    "sends bytes behind the end",
    sends(Buffer.concat([encodeFrames(FRAMES), encodeTaggedFrame(TAG.data, Buffer.alloc(1))])),
    "verification",
    "bytes come behind complete",
  ],
  [
    "wants more room than there is",
    sends(
      encodeFrames([
        { type: "archive_begin", name: "ggoo.eti", solid: false, unpacked_size: 2 ** 52, entries: 1 },
      ]),
    ),
    "disk-full",
    `installing needs ${2 ** 52} bytes, `,
  ],
  [
    "is silent from the beginning",
    sendsAndWaits(new Uint8Array(0)),
    "stream-failed",
    "nothing moved for 0.3 s",
  ],
  ["is silent in the middle", sendsAndWaits(half), "stream-failed", "nothing moved for 0.3 s"],
];
const SOON = { noProgressMs: 300, firstFrameMs: 300 };

describe("a source that fails is rolled back: one that", () => {
  it.each(failing)("%s", async (_, script, code, why) => {
    await using receiving = await createReceiving();
    const sender = await receiving.sender(script);
    const error = await failureOf(receiving, () => receiving.receive([sender], SOON));
    expect(error.code).toBe(code);
    expect(error.message).toContain(why);
    if (code !== "disk-full") expect(error.message).toContain(sender.peerId);
    expect(openFilesBelow(receiving.rig.gamesDir)).toEqual([]);
    expect(sender.requests).toHaveLength(1);
  });
});

describe("a first source that fails is followed by another: one that", () => {
  it.each(failing)("%s", async (_, script, __, why) => {
    await using receiving = await createReceiving();
    const [first, second] = [await receiving.sender(script), await receiving.sender(WHOLE)];
    const result = await receiving.receive([first, second], SOON);
    expect(result).toMatchObject({ files: 3, peerId: second.peerId, failed: [{ peerId: first.peerId }] });
    expect(result.failed[0]?.why).toContain(why);
    await expectInstalled(receiving);
  });
});

describe("sources one after the other", () => {
  it("are three at most, and what each said is told", async () => {
    await using receiving = await createReceiving();
    const wrong = sends(encodeFrames(wrongChecksum));
    const senders = [
      await receiving.sender(async (_, connection) => connection.close()),
      await receiving.sender(wrong),
      await receiving.sender(wrong),
      await receiving.sender(WHOLE),
    ];
    const error = await failureOf(receiving, () => receiving.receive(senders));
    expect(error.code).toBe("verification");
    expect(senders.map(({ peerId }) => error.message.includes(peerId))).toEqual([true, true, true, false]);
    expect(senders.map(({ requests }) => requests.length)).toEqual([1, 1, 1, 0]);
  });

  it("that are busy are asked again, after those that are not", async () => {
    await using receiving = await createReceiving();
    let answers = 0;
    const busyTwice: Script = async (stream, connection) => {
      answers += 1;
      await (answers > 2 ? WHOLE : BUSY)(stream, connection);
    };
    const [busy, broken] = [
      await receiving.sender(busyTwice),
      await receiving.sender(sends(new Uint8Array(0))),
    ];
    const result = await receiving.receive([busy, broken], { laterPauseMs: 1 });
    expect(result).toMatchObject({ peerId: busy.peerId, failed: [{ peerId: broken.peerId }] });
    expect([busy, broken].map(({ requests }) => requests.length)).toEqual([3, 1]);
    await expectInstalled(receiving);
  });

  it("that are busy are waited for no longer than the user wants", async () => {
    await using receiving = await createReceiving();
    const cancelling = new AbortController();
    const busy = await receiving.sender(BUSY);
    const reason = new PeerError("cancelled", "enough");
    const operation = receiving.receive([busy], { signal: cancelling.signal, laterPauseMs: 60_000 });
    const error = await failureOf(receiving, async () => {
      await eventually(
        async () => busy.requests.length > 0 && (await namesIn(receiving.rig.gamesDir)).length === 0,
      );
      cancelling.abort(reason);
      await operation;
    });
    expect(error).toBe(reason);
  });

  it("begin with nothing of what the one before has sent", async () => {
    await using receiving = await createReceiving();
    const other = framesOf([
      { name: "ggoo.eti", entries: [{ path: "left/over", content: "x" }, ...GAME.entries] },
    ]).slice(0, -1);
    const first = await receiving.sender(sends(encodeFrames(other)));
    await receiving.receive([first, await receiving.sender(WHOLE)]);
    await expectInstalled(receiving);
  });

  it("are not asked for what is the own disk's fault", async () => {
    await using receiving = await createReceiving();
    const [first, second] = [await receiving.sender(WHOLE), await receiving.sender(WHOLE)];
    const error = await failureOf(receiving, () =>
      receiving.receive([first, second], {
        onStep: async (step, moment) => {
          // A file where the stream has a directory: no source can help that.
          if (step === "mark-staging" && moment === "after") {
            await writeFile(join(receiving.rig.root, ".local.installing/data"), "in the way");
          }
        },
      }),
    );
    expect(error.message).toContain(".local.installing/data");
    expect([first, second].map(({ requests }) => requests.length)).toEqual([1, 0]);
  });
});

it("a file that cannot be written is told although everything has come by then", async () => {
  await using receiving = await createReceiving();
  const error = await failureOf(receiving, async () =>
    receiving.receive([await receiving.sender(WHOLE)], {
      onStep: async (step, moment) => {
        if (step !== "mark-staging" || moment !== "after") return;
        // In the place of the last file of the stream.
        await mkdir(join(receiving.rig.root, ".local.installing/game.exe"));
      },
    }),
  );
  expect(error.message).toMatch(/\.local\.installing\/game\.exe: EISDIR/u);
});

describe("the game root, when nothing comes of it,", () => {
  const script = sends(new Uint8Array(0));

  it("goes where it was made for this", async () => {
    await using receiving = await createReceiving();
    await failureOf(receiving, async () => receiving.receive([await receiving.sender(script)]));
    expect(await namesIn(receiving.rig.gamesDir)).toEqual([]);
  });

  it("is not deleted by a rollback that did not make it, even empty", async () => {
    await using receiving = await createReceiving({});
    await failureOf(receiving, async () => receiving.receive([await receiving.sender(script)]));
    expect(await namesIn(receiving.rig.gamesDir)).toEqual([GGOO]);
  });

  it("stays with what the user has put into it meanwhile", async () => {
    await using receiving = await createReceiving();
    const { rig } = receiving;
    const sender = await receiving.sender(async (stream) => {
      await stream.write(half);
      await eventually(async () => (await namesIn(rig.gamesDir)).length > 0);
      await writeFiles(rig.root, { "notes.txt": "mine" });
      stream.finish();
    });
    await expect(receiving.receive([sender])).rejects.toMatchObject({ code: "stream-failed" });
    expect(await tree(rig.gamesDir)).toEqual({ "ggoo/": "directory", "ggoo/notes.txt": expect.any(String) });
  });
});

describe("a cancellation", () => {
  it("ends the stream, and leaves what was", async () => {
    await using receiving = await createReceiving();
    const begin = encodeFrames([
      { type: "archive_begin", name: "ggoo.eti", solid: false, unpacked_size: 2 ** 33, entries: 1 },
      { type: "file_begin", path: "endless", size: 2 ** 33, mtime: MTIME },
    ]);
    const sender = await receiving.sender(
      sendsForEver(begin, encodeTaggedFrame(TAG.data, Buffer.alloc(500_000))),
    );
    const cancelling = new AbortController();
    const reason = new PeerError("cancelled", "enough");
    const error = await failureOf(receiving, () =>
      receiving.receive([sender, sender], {
        signal: cancelling.signal,
        onProgress: ({ doneBytes }) => {
          if (doneBytes > 3_000_000) cancelling.abort(reason);
        },
      }),
    );
    expect(error).toBe(reason);
    await sender.released;
    await eventually(() => sender.openStreams() === 0);
    expect(sender.requests).toHaveLength(1);
    expect(openFilesBelow(receiving.rig.gamesDir)).toEqual([]);
  });

  const STEPS = ["record-staging", "make-staging", "fill-staging", "flush-staging", "write-list"] as const;
  it.each(STEPS)("at %s leaves what was, and it can be done again", async (at) => {
    await using receiving = await createReceiving();
    const cancelling = new AbortController();
    const sender = await receiving.sender(WHOLE);
    const error = await failureOf(receiving, () =>
      receiving.receive([sender], {
        signal: cancelling.signal,
        onStep: (step, moment) => {
          if (step === at && moment === "before") cancelling.abort(new PeerError("cancelled", "enough"));
        },
      }),
    );
    expect(error.code).toBe("cancelled");
    await receiving.receive([await receiving.sender(WHOLE)]);
    await expectInstalled(receiving);
  });

  it("that comes when the game is installed reports no failure of what is there for good", async () => {
    await using receiving = await createReceiving();
    const cancelling = new AbortController();
    const result = await receiving.receive([await receiving.sender(WHOLE)], {
      signal: cancelling.signal,
      onStep: (step, moment) => {
        if (step === "promote" && moment === "after")
          cancelling.abort(new PeerError("cancelled", "too late"));
      },
    });
    expect(result.files).toBe(3);
    await expectInstalled(receiving);
  });
});
