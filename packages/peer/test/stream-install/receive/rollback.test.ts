import { mkdir, symlink } from "node:fs/promises";
import { join } from "node:path";
import { encodeTaggedFrame, TAG } from "@lanspread/proto";
import { eventually } from "@lanspread/testkit";
import { describe, expect, it } from "vitest";
import { PeerError } from "../../../src/errors/index.ts";
import { GGOO, namesIn, tree, writeFiles } from "../../install/support.ts";
import { openFilesBelow } from "../send/threads.ts";
import { FRAMES } from "./game.ts";
import { createReceiving, expectInstalled, failureOf, WHOLE } from "./receiving.ts";
import { sends, sendsForEver } from "./scripted-sender.ts";
import { encodeFrames, MTIME } from "./support.ts";

const half = encodeFrames(FRAMES).subarray(0, 1_500_000);

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
