import { readdir } from "node:fs/promises";
import type { Request } from "@lanspread/proto";
import { eventually, seededBytes } from "@lanspread/testkit";
import { describe, expect, it } from "vitest";
import type { SourceJoins } from "../../src/download/index.ts";
import { readJournal } from "../../src/download/journal.ts";
import { PeerError } from "../../src/errors/index.ts";
import {
  askedPieces,
  type Behaviour,
  createRig,
  createSource,
  type DownloadRig,
  GGOO,
  hasWholeGame,
  MIB,
  peer,
  type SourceGame,
} from "./support.ts";

const ARCHIVE_MIB = 20;

async function rigWithGame(): Promise<{ rig: DownloadRig; game: SourceGame }> {
  const rig = await createRig();
  const game = await rig.game({
    "version.ini": "20180412",
    "game.eti": seededBytes(5, ARCHIVE_MIB * MIB),
  });
  return { rig, game };
}

/** A copy with one bit flipped. */
function flipped(bytes: Buffer, at = bytes.length - 1): Buffer {
  const wrong = Buffer.from(bytes);
  wrong[at] = (wrong[at] ?? 0) ^ 1;
  return wrong;
}

describe("a source that sends a wrong piece", () => {
  it("once, is asked again", async () => {
    const { rig, game } = await rigWithGame();
    await using _ = rig;
    let lies = 1;
    const source = createSource(peer(1), game, {
      onBytes: (path, _offset, bytes) => (path === "game.eti" && lies-- > 0 ? flipped(bytes) : bytes),
    });
    const result = await rig.download(game, [source]);
    expect(result).toMatchObject({ retried: 1, struckOut: [] });
    expect(await hasWholeGame(rig.root, game)).toBe(true);
    expect(rig.chunks.reduce((sum, { pieces }) => sum + pieces, 0)).toBe(result.pieces);
    expect(rig.samples.at(-1)?.doneBytes).toBe(result.bytes);
  });

  it("twice, is out, and the failure names file, piece and peer", async () => {
    const { rig, game } = await rigWithGame();
    await using _ = rig;
    const liar = createSource(peer(1), game, {
      onBytes: (path, _offset, bytes) => (path === "game.eti" ? flipped(bytes) : bytes),
    });
    const failure = rig.download(game, [liar]);
    await expect(failure).rejects.toMatchObject({
      name: "PeerError",
      code: "verification",
    });
    await expect(failure).rejects.toThrow(new RegExp(`ggoo/game.eti: piece \\d+ .*${peer(1)}`));
    expect(await readdir(rig.root)).not.toContain("version.ini");
    expect(rig.log.some(({ message }) => message.includes("no further part"))).toBe(true);
  });

  it("twice, is out, and the others bring the game", async () => {
    const { rig, game } = await rigWithGame();
    await using _ = rig;
    const liar = createSource(peer(1), game, {
      onBytes: (_path, _offset, bytes) => flipped(bytes),
    });
    const honest = createSource(peer(2), game);
    const result = await rig.download(game, [liar, honest]);
    expect(result.struckOut).toEqual([
      { peerId: peer(1), why: expect.stringMatching(/^ggoo\/.*: piece \d+ .* came wrong from /) },
    ]);
    expect(await hasWholeGame(rig.root, game)).toBe(true);
  });
});

/** Damages one byte of one piece of the archive. */
function damaging(piece: number) {
  return (path: string, offset: number, bytes: Buffer): Buffer => {
    const at = piece * MIB - offset;
    return path === "game.eti" && at >= 0 && at < bytes.length ? flipped(bytes, at) : bytes;
  };
}

it("gives a piece up after five retries over all sources", async () => {
  const { rig, game } = await rigWithGame();
  await using _ = rig;
  // Everybody's copy of one piece is damaged. Six sources would stand twelve wrong answers.
  const sources = Array.from({ length: 6 }, (_, index) =>
    createSource(peer(index), game, { onBytes: damaging(3) }),
  );
  // Without the limit it would end as well, when every source is out: the number tells the two apart.
  await expect(rig.download(game, sources)).rejects.toMatchObject({
    code: "verification",
    message: expect.stringMatching(
      /^ggoo\/game\.eti: piece 3 .* came wrong from .*, and 5 times before from all/u,
    ),
  });
});

it("asks every source for a piece before it gives it up, however many have sent it wrong", async () => {
  const { rig, game } = await rigWithGame();
  await using _ = rig;
  const damaged = Array.from({ length: 12 }, (_, index) =>
    createSource(peer(index), game, { onBytes: damaging(3) }),
  );
  // It has the piece, and gives it when more have sent it wrong than there are retries.
  const honest = createSource(peer(99), game, busyWith(rig, 3, 8));
  const result = await rig.download(game, [...damaged, honest]);
  expect(wrongTimes(rig)).toBeGreaterThanOrEqual(8);
  expect(await hasWholeGame(rig.root, game)).toBe(true);
  // Nobody was asked twice for what it had sent wrong: one damaged piece is no reason to put a source out.
  expect(result.struckOut).toEqual([]);
  expect(rig.log.filter(({ message }) => /no further part/.test(message))).toEqual([]);
});

it("keeps a source with one damaged piece, which somebody else has", async () => {
  const { rig, game } = await rigWithGame();
  await using _ = rig;
  const damaged = createSource(peer(1), game, { onBytes: damaging(7) });
  // It leaves the piece to the other one as long as that one has not shown its own.
  const other = createSource(peer(2), game, busyWith(rig, 7, 1));
  const result = await rig.download(game, [damaged, other]);
  expect(wrongTimes(rig)).toBe(1);
  expect(result.struckOut).toEqual([]);
  expect(result.sources[peer(1)]).toBeGreaterThan(0);
  expect(await hasWholeGame(rig.root, game)).toBe(true);
});

/** Is busy whenever it is asked for a piece that was not thrown away so often yet. */
function busyWith(rig: DownloadRig, piece: number, times: number): Behaviour {
  return {
    onRequest: async (request) => {
      if (request.type !== "get_game_file_chunk" || request.path !== "game.eti") return undefined;
      const at = piece * MIB - request.offset;
      if (at < 0 || at >= request.length || wrongTimes(rig) >= times) return undefined;
      return { type: "error", code: "busy", message: "later", retryable: true };
    },
  };
}

/** Pieces that were thrown away so far. */
function wrongTimes(rig: DownloadRig): number {
  return rig.log.filter(({ message }) => message.includes("came wrong")).length;
}

describe("a source that sends the wrong amount", () => {
  it.each([
    {
      name: "too little",
      change: (bytes: Buffer) => bytes.subarray(0, bytes.length - 1),
    },
    { name: "nothing", change: () => Buffer.alloc(0) },
    {
      name: "too much",
      change: (bytes: Buffer) => Buffer.concat([bytes, Buffer.from("x")]),
    },
  ])("is out after two answers: $name", async ({ change }) => {
    const { rig, game } = await rigWithGame();
    await using _ = rig;
    const short = createSource(peer(1), game, {
      onBytes: (path, _offset, bytes) => (path === "game.eti" ? change(bytes) : bytes),
    });
    await expect(rig.download(game, [short])).rejects.toMatchObject({
      code: "peers-gone",
      message: expect.stringMatching(/put out for their answers: .*the answer for game\.eti/u),
      hint: expect.stringContaining("Check the game's files"),
    });
    const result = await rig.download(game, [createSource(peer(2), game)]);
    expect(await hasWholeGame(rig.root, game)).toBe(true);
    expect(result.struckOut).toEqual([]);
  });
});

describe("a source that vanishes", () => {
  it("leaves what it sent, and the next download fetches the rest alone", async () => {
    const { rig, game } = await rigWithGame();
    await using _ = rig;
    let answers = 0;
    const vanishing = createSource(peer(1), game, {
      onRequest: async () => {
        answers += 1;
        if (answers > 3) throw new Error("the connection was lost");
        return undefined;
      },
    });
    await expect(rig.download(game, [vanishing])).rejects.toMatchObject({
      code: "peers-gone",
      message: expect.stringMatching(/^Every source of ggoo has left: .*the connection was lost/u),
    });
    expect(await readdir(rig.root)).toEqual(["game.eti"]);
    const kept = rig.chunks.reduce((sum, { path, pieces }) => sum + (path === "game.eti" ? pieces : 0), 0);
    expect(kept).toBeGreaterThan(0);
    // All of it is flushed and noted: nothing of it has to be looked at again.
    expect(await readJournal(rig.stateDir, GGOO)).toMatchObject({ status: "found", pieces: { begun: [] } });

    const source = createSource(peer(2), game);
    rig.samples.length = 0;
    const result = await rig.download(game, [source]);
    expect(askedPieces(source, game)).toBe(ARCHIVE_MIB - kept + 1);
    expect(rig.samples[0]?.doneBytes).toBe(kept * MIB);
    expect(await hasWholeGame(rig.root, game)).toBe(true);
    expect(Buffer.from(result.digests).equals(game.digests)).toBe(true);
  });

  it("leaves in the journal what it was asked for while the rest was flushed: some of it may be on the disk", async () => {
    const { rig, game } = await rigWithGame();
    await using _ = rig;
    const noted = Promise.withResolvers<void>();
    let isFirst = true;
    let waiting: Request | undefined;
    const source = createSource(peer(1), game, {
      onRequest: async (request) => {
        if (request.type !== "get_game_file_chunk" || request.path !== "game.eti") return undefined;
        if (!isFirst) {
          waiting ??= request;
          await noted.promise;
        }
        isFirst = false;
        return undefined;
      },
    });
    const begun: number[] = [];
    await rig.download(game, [source], {
      onStep: async (step) => {
        if (step !== "pieces-flushed" || begun.length > 0) return;
        const journal = await readJournal(rig.stateDir, GGOO);
        if (journal.status === "found") begun.push(...journal.pieces.begun.map(({ first }) => first));
        noted.resolve();
      },
    });
    if (waiting?.type !== "get_game_file_chunk")
      throw new Error("nothing was asked for behind the first chunk");
    expect(begun).toContain(waiting.offset / MIB);
    expect(await hasWholeGame(rig.root, game)).toBe(true);
  });

  it("for a moment is asked again", async () => {
    const { rig, game } = await rigWithGame();
    await using _ = rig;
    let answers = 0;
    const source = createSource(peer(1), game, {
      onRequest: async () => {
        answers += 1;
        if (answers === 2) throw new Error("the connection was lost");
        return undefined;
      },
    });
    await rig.download(game, [source]);
    expect(await hasWholeGame(rig.root, game)).toBe(true);
  });

  it("is replaced by the others", async () => {
    const { rig, game } = await rigWithGame();
    await using _ = rig;
    const gone = createSource(peer(1), game, {
      onRequest: async () => {
        throw new Error("gone");
      },
    });
    const result = await rig.download(game, [gone, createSource(peer(2), game)]);
    expect(result.sources).toEqual({ [peer(1)]: 0, [peer(2)]: result.bytes });
  });
});

describe("while a download goes on", () => {
  /** A source that sends the sentinel and then nothing until it is told to. */
  function heldSource(game: SourceGame) {
    const { promise: asked, resolve: wasAsked } = Promise.withResolvers<void>();
    const { promise: released, resolve: release } = Promise.withResolvers<void>();
    const source = createSource(peer(1), game, {
      onRequest: async (request) => {
        if (request.type !== "get_game_file_chunk" || request.path === "version.ini") return undefined;
        wasAsked();
        await released;
        return undefined;
      },
    });
    return { source, asked, release };
  }

  it("a source that joins takes part", async () => {
    const { rig, game } = await rigWithGame();
    await using _ = rig;
    const { source, asked, release } = heldSource(game);
    const { promise: subscribed, resolve } = Promise.withResolvers<SourceJoins>();
    let subscriptions = 0;
    const download = rig.download(game, [source], {
      joining: (join) => {
        subscriptions += 1;
        resolve(join);
        return () => {
          subscriptions -= 1;
        };
      },
    });
    const join = await subscribed;
    await asked;
    const other = createSource(peer(2), game);
    join(other, { back: false });
    join(other, { back: false });
    await eventually(() => other.requests.length > 0, { what: "a request to the one that joined" });
    release();
    const result = await download;
    expect(result.sources[peer(2)]).toBeGreaterThan(0);
    expect(Object.keys(result.sources)).toHaveLength(2);
    expect(await hasWholeGame(rig.root, game)).toBe(true);
    expect(subscriptions).toBe(0);
  });

  it("a source that was gone takes part again when it is back, and one that lied does not", async () => {
    const { rig, game } = await rigWithGame();
    await using _ = rig;
    const { source, asked, release } = heldSource(game);
    let reachable = false;
    const gone = createSource(peer(2), game, {
      onRequest: async () => {
        if (!reachable) throw new Error("gone");
        return undefined;
      },
    });
    const liar = createSource(peer(3), game, {
      onBytes: (path, _offset, bytes) => (path === "game.eti" ? flipped(bytes, 0) : bytes),
    });
    const { promise: subscribed, resolve } = Promise.withResolvers<SourceJoins>();
    const download = rig.download(game, [source, gone, liar], {
      joining: (join) => {
        resolve(join);
        return () => {};
      },
    });
    const join = await subscribed;
    await asked;
    const leftFor = (id: string) => () =>
      rig.log.some(({ message, fields }) => /no further part/.test(message) && fields?.["peerId"] === id);
    await eventually(leftFor(peer(2)), { what: "the lost source is left alone" });
    await eventually(leftFor(peer(3)), { what: "the liar is left alone" });
    const before = { gone: gone.requests.length, liar: liar.requests.length };
    reachable = true;
    join(gone, { back: false });
    expect(gone.requests).toHaveLength(before.gone);
    join(liar, { back: true });
    join(gone, { back: true });
    await eventually(() => gone.requests.length > before.gone, { what: "a request to the one that is back" });
    release();
    const result = await download;
    expect(liar.requests).toHaveLength(before.liar);
    expect(result.sources[peer(2)]).toBeGreaterThan(0);
    expect(result.struckOut).toMatchObject([{ peerId: peer(3) }]);
    expect(await hasWholeGame(rig.root, game)).toBe(true);
  });
});

it("gives up a source that stalls, and says so", async () => {
  const { rig, game } = await rigWithGame();
  await using _ = rig;
  const stalling = createSource(peer(1), game, {
    onRequest: (_request, signal) =>
      new Promise((_resolve, reject) =>
        signal?.addEventListener("abort", () => reject(signal.reason), {
          once: true,
        }),
      ),
  });
  await expect(rig.download(game, [stalling], { noProgressMs: 20 })).rejects.toMatchObject({
    code: "peers-gone",
    message: expect.stringContaining("nothing moved"),
  });
  expect(stalling.openAnswers()).toBe(0);
});

it("does not wait for a source whose last answer has all its bytes and no end", async () => {
  const { rig, game } = await rigWithGame();
  await using _ = rig;
  const endless = createSource(peer(1), game);
  const { channel } = endless;
  let held = 0;
  const source = {
    peerId: endless.peerId,
    channel: {
      ...channel,
      requestData: async (...[request, options]: Parameters<typeof channel.requestData>) => {
        const data = await channel.requestData(request, options);
        const read: typeof data.read = async (into, waiting) => {
          const count = await data.read(into, waiting);
          if (count > 0) return count;
          held += 1;
          return await new Promise((_resolve, reject) =>
            waiting?.signal?.addEventListener("abort", () => reject(waiting.signal?.reason), { once: true }),
          );
        };
        return { ...data, read };
      },
    },
  };
  const others = createSource(peer(2), game);
  await rig.download(game, [source, others], { noProgressMs: 600_000 });
  expect(held).toBeGreaterThan(0);
  expect(await hasWholeGame(rig.root, game)).toBe(true);
});

it("leaves a source alone that refuses, and tells its words", async () => {
  const { rig, game } = await rigWithGame();
  await using _ = rig;
  const refusing = createSource(peer(1), game, {
    onRequest: async () => ({
      type: "error",
      code: "manifest_changed",
      message: "the game is another one now",
      retryable: false,
    }),
  });
  await expect(rig.download(game, [refusing])).rejects.toMatchObject({
    code: "peers-gone",
    message: expect.stringMatching(/put out for their answers: .*the game is another one now/u),
  });
  // What was on its way when the first refusal came, and nothing after it.
  expect(askedPieces(refusing, game)).toBeLessThan(ARCHIVE_MIB / 2);
});

it.each([
  ["once", 1],
  ["for as long as it works on the game", 8],
])("asks a source that is busy %s again", async (_name, times) => {
  const { rig, game } = await rigWithGame();
  await using _ = rig;
  let busy = times;
  const source = createSource(peer(1), game, {
    onRequest: async () =>
      busy-- > 0 ? { type: "error", code: "operation_active", message: "later", retryable: true } : undefined,
  });
  await rig.download(game, [source]);
  expect(busy).toBeLessThan(0);
  expect(await hasWholeGame(rig.root, game)).toBe(true);
});

it("ends with the source's other version.ini before the rest is fetched", async () => {
  await using rig = await createRig();
  const game = await rig.game({
    "version.ini": "20190101",
    "game.eti": seededBytes(1, 3 * MIB),
  });
  await expect(rig.download(game, [createSource(peer(1), game)])).rejects.toMatchObject({
    code: "verification",
    message: expect.stringContaining("20190101"),
  });
  expect(await readdir(rig.root)).not.toContain("version.ini");
});

describe("where nobody knows the digests", () => {
  it("the receiver's own ones are the result", async () => {
    const { rig, game } = await rigWithGame();
    await using _ = rig;
    const unhashed = {
      ...game,
      manifest: { ...game.manifest, content_id: null },
    };
    const result = await rig.download(unhashed, [createSource(peer(1), game)], {
      digests: null,
    });
    expect(Buffer.from(result.digests).equals(game.digests)).toBe(true);
  });

  it("a download that goes on has the digests of what was there too", async () => {
    const { rig, game } = await rigWithGame();
    await using _ = rig;
    const unhashed = {
      ...game,
      manifest: { ...game.manifest, content_id: null },
    };
    await interrupted(rig, unhashed, null);
    const result = await rig.download(unhashed, [createSource(peer(1), game)], {
      digests: null,
    });
    expect(Buffer.from(result.digests).equals(game.digests)).toBe(true);
    expect(await hasWholeGame(rig.root, game)).toBe(true);
  });

  it("what came is verified as soon as somebody knows them", async () => {
    const { rig, game } = await rigWithGame();
    await using _ = rig;
    const unhashed = {
      ...game,
      manifest: { ...game.manifest, content_id: null },
    };
    await interrupted(rig, unhashed, null, (bytes) => flipped(bytes, 0));
    const source = createSource(peer(1), game);
    await rig.download(game, [source]);
    expect(await hasWholeGame(rig.root, game)).toBe(true);
  });
});

/** A download that is shut down after its second chunk. */
async function interrupted(
  rig: DownloadRig,
  game: SourceGame,
  digests: Uint8Array | null,
  change: (bytes: Buffer) => Buffer = (bytes) => bytes,
): Promise<void> {
  const controller = new AbortController();
  const source = createSource(peer(9), game, {
    onBytes: (path, _offset, bytes) => (path === "game.eti" ? change(bytes) : bytes),
  });
  const download = rig.download(game, [source], {
    digests,
    signal: controller.signal,
    onChunk: ({ path }) => {
      if (path === "game.eti") controller.abort(new PeerError("shutting-down", "the peer stops"));
    },
  });
  await expect(download).rejects.toMatchObject({ code: "shutting-down" });
}
