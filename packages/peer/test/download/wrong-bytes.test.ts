import { readdir } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import {
  type Behaviour,
  createRigWithGame,
  createSource,
  type DownloadRig,
  flipped,
  hasWholeGame,
  MIB,
  peer,
} from "./support.ts";

describe("a source that sends a wrong piece", () => {
  it("once, is asked again", async () => {
    const { rig, game } = await createRigWithGame();
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
    const { rig, game } = await createRigWithGame();
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
    const { rig, game } = await createRigWithGame();
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
  const { rig, game } = await createRigWithGame();
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
  const { rig, game } = await createRigWithGame();
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
  const { rig, game } = await createRigWithGame();
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
    const { rig, game } = await createRigWithGame();
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
