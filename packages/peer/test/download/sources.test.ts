import { readdir } from "node:fs/promises";
import type { Request } from "@lanspread/proto";
import { eventually } from "@lanspread/testkit";
import { describe, expect, it } from "vitest";
import type { SourceJoins } from "../../src/download/index.ts";
import { readJournal } from "../../src/download/journal.ts";
import {
  ARCHIVE_MIB,
  askedPieces,
  createRigWithGame,
  createSource,
  flipped,
  GGOO,
  hasWholeGame,
  MIB,
  peer,
  type SourceGame,
} from "./support.ts";

describe("a source that vanishes", () => {
  it("leaves what it sent, and the next download fetches the rest alone", async () => {
    const { rig, game } = await createRigWithGame();
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
    const { rig, game } = await createRigWithGame();
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
    const { rig, game } = await createRigWithGame();
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
    const { rig, game } = await createRigWithGame();
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
    const { rig, game } = await createRigWithGame();
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
    const { rig, game } = await createRigWithGame();
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
  const { rig, game } = await createRigWithGame();
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
