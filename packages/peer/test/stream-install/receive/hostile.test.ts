import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { encodeControlFrame, encodeTaggedFrame, TAG } from "@lanspread/proto";
import fc from "fast-check";
import { expect, it } from "vitest";
import { PeerError } from "../../../src/errors/index.ts";
import { uninstallGame } from "../../../src/install/index.ts";
import { streamInstallGame } from "../../../src/stream-install/receive/index.ts";
import { createRig, GGOO, namesIn, tree } from "../../install/support.ts";
import { openFilesBelow } from "../send/threads.ts";
import { MANIFEST } from "./game.ts";
import { memorySource } from "./memory-source.ts";
import { createReceiving, failureOf } from "./receiving.ts";
import { sends } from "./scripted-sender.ts";
import { encodeFrames, type Frame, framesOf, MTIME } from "./support.ts";

const SMALL = framesOf(
  [
    {
      name: "ggoo.eti",
      entries: [
        { path: "saves" },
        { path: "data/level", content: "a level of some bytes" },
        { path: "game.exe", content: "the game" },
        { path: "none", content: "" },
      ],
    },
  ],
  7,
);
const BYTES = encodeFrames(SMALL);
const GAME = { "data/level": "a level of some bytes", "game.exe": "the game", none: "" };

/** One change of a stream, as a broken or a hostile source makes it. */
const change = fc.oneof(
  fc.record({ kind: fc.constant("flip"), at: fc.nat(), bits: fc.integer({ min: 1, max: 255 }) }),
  fc.record({ kind: fc.constant("cut"), at: fc.nat(), bits: fc.nat(40) }),
  fc.record({ kind: fc.constant("insert"), at: fc.nat(), bits: fc.nat(255) }),
  fc.record({ kind: fc.constant("end"), at: fc.nat(), bits: fc.constant(0) }),
);

function apply(bytes: Buffer, { kind, at, bits }: { kind: string; at: number; bits: number }): Buffer {
  const index = at % bytes.length;
  const [head, tail] = [bytes.subarray(0, index), bytes.subarray(index)];
  if (kind === "flip")
    return Buffer.concat([head, Buffer.from([(bytes[index] ?? 0) ^ bits]), tail.subarray(1)]);
  if (kind === "cut") return Buffer.concat([head, tail.subarray(bits)]);
  if (kind === "insert") return Buffer.concat([head, Buffer.from([bits]), tail]);
  return head;
}

it("makes of any stream the announced files with their checksums, or nothing", async () => {
  await using rig = await createRig({});
  await fc.assert(
    fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 3 }), async (changes) => {
      const bytes = changes.reduce((all, one) => (all.length === 0 ? all : apply(all, one)), BYTES);
      const gamesDir = rig.place.join("games");
      let error: unknown;
      try {
        await streamInstallGame({
          gameId: GGOO,
          root: rig.root,
          stateDir: rig.stateDir,
          manifest: MANIFEST,
          digests: null,
          sources: [memorySource(bytes)],
        });
      } catch (thrown) {
        error = thrown;
      }
      if (error === undefined) {
        // A name, a time or the flag of a directory may be another one: of these only the source knows. Bytes may not.
        const local = await tree(join(rig.root, "local"));
        const contents = await Promise.all(
          Object.keys(local)
            .filter((path) => !path.endsWith("/"))
            .map((path) => readFile(join(rig.root, "local", path), "utf8")),
        );
        expect(contents.sort()).toEqual(Object.values(GAME).sort());
        await uninstallGame({ gameId: GGOO, root: rig.root, stateDir: rig.stateDir });
        await mkdir(rig.root);
      } else {
        expect(error).toBeInstanceOf(PeerError);
        expect((error as PeerError).code).toMatch(/^(verification|stream-failed|disk-full)$/u);
      }
      expect(await namesIn(rig.root)).toEqual([]);
      expect(await tree(gamesDir)).toEqual({ "ggoo/": "directory" });
      expect(openFilesBelow(gamesDir)).toEqual([]);
    }),
    { numRuns: 150 },
  );
});

it("takes no memory for what is announced and does not come", async () => {
  await using receiving = await createReceiving();
  const header = Buffer.from([TAG.data, 0xff, 0xff, 0xff, 0xff]);
  const sender = await receiving.sender(sends(header));
  const error = await failureOf(receiving, () => receiving.receive([sender]));
  expect(error).toMatchObject({ code: "verification", message: expect.stringContaining("4294967295 bytes") });
});

it("keeps out of everything but staging, whatever the paths say", async () => {
  await using receiving = await createReceiving({ "mine.txt": "the user's" });
  const paths = [
    "../mine.txt",
    "../../ggoo/mine.txt",
    "/etc/lanspread",
    "a/../../mine.txt",
    ".lanspread_owned",
    "..\\mine.txt",
    "a\u0000b",
    "C:mine",
  ];
  for (const path of paths) {
    const frames: Frame[] = [
      { type: "archive_begin", name: "ggoo.eti", solid: false, unpacked_size: 3, entries: 1 },
      // The schema of a frame takes any text for a path: what is made of it is checked here.
      { type: "file_begin", path, size: 3, mtime: MTIME } as Frame,
      Buffer.from("bad"),
    ];
    const source = memorySource(encodeFrames(frames));
    const error = await failureOf(receiving, () => receiving.receive([source]));
    expect(error.code, path).toBe("verification");
  }
});

it("quotes no more of a hostile name than a person reads", async () => {
  await using receiving = await createReceiving();
  const bytes = Buffer.concat([
    encodeControlFrame({
      type: "archive_begin",
      name: "x".repeat(1000),
      solid: false,
      unpacked_size: 0,
      entries: 0,
    }),
    encodeTaggedFrame(TAG.data, Buffer.alloc(1)),
  ]);
  const error = await failureOf(receiving, () => receiving.receive([memorySource(bytes)]));
  expect(error.message.length).toBeLessThan(600);
});
