import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { encodeControlFrame, encodeTaggedFrame, TAG } from "@lanspread/proto";
import { eventually } from "@lanspread/testkit";
import { describe, expect, it } from "vitest";
import { PeerError } from "../../../src/errors/index.ts";
import type { StreamInstallOptions, StreamSource } from "../../../src/stream-install/receive/index.ts";
import type { RawChannel } from "../../../src/transfer/index.ts";
import { namesIn } from "../../install/support.ts";
import { openFilesBelow } from "../send/threads.ts";
import { FRAMES, GAME } from "./game.ts";
import { createReceiving, expectInstalled, failureOf, WHOLE } from "./receiving.ts";
import { type Script, sends, sendsAndWaits, sendsForEver } from "./scripted-sender.ts";
import { encodeFrames, framesOf } from "./support.ts";

const BUSY = sends(
  encodeControlFrame({ type: "error", code: "busy", message: "8 games are being sent", retryable: true }),
);
const wrongChecksum = FRAMES.map((frame) =>
  !Buffer.isBuffer(frame) && frame.type === "file_end" ? { ...frame, crc32: 1 } : frame,
);
const SILENT = "nothing moved for ";
const SILENT_FROM_THE_BEGINNING = "is silent from the beginning";
const SILENT_IN_THE_MIDDLE = "is silent in the middle";
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
  [SILENT_FROM_THE_BEGINNING, sendsAndWaits(new Uint8Array(0)), "stream-failed", SILENT],
  [SILENT_IN_THE_MIDDLE, sendsAndWaits(half), "stream-failed", SILENT],
];
/** Who is silent is given up after so many ms, by the limit that counts then. */
const SILENCE_MS = 300;
const SILENT_ONES: Readonly<Record<string, Partial<StreamInstallOptions>>> = {
  [SILENT_FROM_THE_BEGINNING]: { firstFrameMs: SILENCE_MS, noProgressMs: 600_000 },
  [SILENT_IN_THE_MIDDLE]: { firstFrameMs: 600_000, noProgressMs: SILENCE_MS },
};

/** The same source, which no limit ends: on a machine under load one that sends is silent for a while, too. */
function unlimited({ peerId, channel }: StreamSource): StreamSource {
  const requestRaw: RawChannel["requestRaw"] = async (request) => {
    const answer = await channel.requestRaw(request);
    return { read: (into) => answer.read(into), cancel: () => answer.cancel() };
  };
  return { peerId, channel: { requestRaw } };
}

describe("a source that fails is rolled back: one that", () => {
  it.each(failing)("%s", async (what, script, code, why) => {
    await using receiving = await createReceiving();
    const sender = await receiving.sender(script);
    const error = await failureOf(receiving, () => receiving.receive([sender], SILENT_ONES[what]));
    expect(error.code).toBe(code);
    expect(error.message).toContain(why);
    if (code !== "disk-full") expect(error.message).toContain(sender.peerId);
    expect(openFilesBelow(receiving.rig.gamesDir)).toEqual([]);
    // So short a time may be over before the request is there.
    expect(what in SILENT_ONES ? [0, 1] : [1]).toContain(sender.requests.length);
  });
});

it.each([
  [
    "archives that cannot be unpacked",
    { code: "internal", retryable: false },
    "ask the peer who packed the game",
  ],
  ["a fault of the source", { code: "internal", retryable: true }, "Try again later"],
  ["a game that changes", { code: "manifest_changed", retryable: false }, "Try again later"],
] as const)("what to do about %s is said", async (_, said, hint) => {
  await using receiving = await createReceiving();
  const frame = { type: "error", message: "ggoo.eti needs a password", ...said } as const;
  const sender = await receiving.sender(sends(encodeControlFrame(frame)));
  const error = await failureOf(receiving, () => receiving.receive([sender]));
  expect(error).toMatchObject({ code: "stream-failed", hint: expect.stringContaining(hint) });
});

describe("a source that sends on", () => {
  const more = encodeTaggedFrame(TAG.data, Buffer.alloc(500_000));
  const failures: [what: string, bytes: Uint8Array, breakDisk: boolean][] = [
    ["behind a wrong checksum", encodeFrames(wrongChecksum), false],
    ["while the own disk fails", encodeFrames(FRAMES.slice(0, 2)), true],
  ];
  it.each(failures)("%s is told that nothing more is wanted", async (_, bytes, breakDisk) => {
    await using receiving = await createReceiving();
    const sender = await receiving.sender(sendsForEver(bytes, more));
    await failureOf(receiving, () =>
      receiving.receive([sender], {
        onStep: async (step, moment) => {
          if (!breakDisk || step !== "mark-staging" || moment !== "after") return;
          await writeFile(join(receiving.rig.root, ".local.installing/data"), "in the way");
          await writeFile(join(receiving.rig.root, ".local.installing/saves"), "in the way");
        },
      }),
    );
    await eventually(() => sender.openStreams() === 0);
    await sender.released;
  });
});

describe("a first source that fails is followed by another: one that", () => {
  it.each(failing)("%s", async (what, script, _, why) => {
    await using receiving = await createReceiving();
    const [first, second] = [await receiving.sender(script), await receiving.sender(WHOLE)];
    const result = await receiving.receive([first, unlimited(second)], SILENT_ONES[what]);
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
    const error = await failureOf(receiving, async () => {
      const operation = receiving.receive([busy], { signal: cancelling.signal, laterPauseMs: 60_000 });
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
