import {
  asPieceIndex,
  DIGEST_BYTES,
  MAX_CHUNK_BYTES,
  type PieceIndex,
  type PieceLayout,
  pieceLayout,
  sha256,
} from "@lanspread/proto";
import { seededBytes, temporaryDirectory } from "@lanspread/testkit";
import { describe, expect, it } from "vitest";
import {
  createBufferPool,
  type DataAnswer,
  type FetchUnitOptions,
  fetchUnit,
  NO_PROGRESS_MS,
  type PieceSink,
  ProgressLimit,
  type RequestChannel,
  SinkError,
  SourceError,
  type WorkUnit,
} from "../../src/transfer/index.ts";
import {
  type Behaviour,
  createSource,
  createSourceGame,
  MIB,
  peer,
  type SourceGame,
} from "../download/support.ts";

interface Rig extends AsyncDisposable {
  readonly game: SourceGame;
  readonly layout: PieceLayout;
  readonly right: { index: PieceIndex; digest: Uint8Array }[];
  readonly wrong: PieceIndex[];
  /** What the sink has, file by file. */
  readonly written: Buffer[];
  received: number;
  unit(fileIndex: number): WorkUnit;
  fetch(unit: WorkUnit, behaviour?: Behaviour, more?: Partial<FetchUnitOptions>): Promise<void>;
}

/** `pieceSize` other than the manifest's own is possible here, since nobody checks it. */
async function createRig(sizes: readonly number[], pieceSize = MIB): Promise<Rig> {
  const dir = await temporaryDirectory();
  const files = Object.fromEntries(sizes.map((size, index) => [`f${index}`, seededBytes(index, size)]));
  const game = await createSourceGame(dir.path, files);
  const layout = pieceLayout({
    files: game.manifest.files,
    piece_size: pieceSize,
  });
  const digests = Buffer.concat(
    Array.from({ length: layout.pieceCount }, (_, index) => {
      const { path, offset, length } = layout.pieceAt(index);
      return sha256(game.files.get(path)?.subarray(offset, offset + length) ?? Buffer.alloc(0));
    }),
  );
  const rig: Rig = {
    game,
    layout,
    right: [],
    wrong: [],
    written: sizes.map((size) => Buffer.alloc(size)),
    received: 0,
    unit: (fileIndex) => {
      const { first, end } = layout.piecesOfFile(fileIndex);
      const length = layout.files[fileIndex]?.size ?? 0;
      return {
        fileIndex,
        path: `f${fileIndex}`,
        firstPiece: asPieceIndex(first),
        pieceCount: end - first,
        offset: 0,
        length,
      };
    },
    fetch: (unit, behaviour = {}, more = {}) =>
      fetchUnit({
        channel: createSource(peer(1), game, behaviour).channel,
        gameId: game.manifest.game_id,
        manifestHash: game.manifest.manifest_hash,
        pieceAt: (index) => layout.pieceAt(index),
        unit,
        digestOf: (index) => digests.subarray(index * DIGEST_BYTES, (index + 1) * DIGEST_BYTES),
        sink: {
          write: async (fileIndex, bytes, offset) => {
            rig.written[fileIndex]?.set(bytes, offset);
          },
        },
        buffers: createBufferPool(),
        limit: new ProgressLimit(NO_PROGRESS_MS, "fetching"),
        onBytes: (count) => {
          rig.received += count;
        },
        onPiece: (index, digest) => rig.right.push({ index, digest }),
        onWrongPiece: (index) => rig.wrong.push(index),
        ...more,
      }),
    [Symbol.asyncDispose]: () => dir[Symbol.asyncDispose](),
  };
  return rig;
}

describe("a unit", () => {
  it("arrives whole: every piece is verified, written and reported once", async () => {
    await using rig = await createRig([100, 5 * MIB + 3]);
    await rig.fetch(rig.unit(1));
    expect(rig.written[1]?.equals(rig.game.files.get("f1") ?? Buffer.alloc(0))).toBe(true);
    expect(rig.right.map(({ index }) => index as number).sort((a, b) => a - b)).toEqual([1, 2, 3, 4, 5, 6]);
    expect(rig.received).toBe(5 * MIB + 3);
    for (const { index, digest } of rig.right) {
      const { offset, length } = rig.layout.pieceAt(index);
      const bytes = rig.written[1]?.subarray(offset, offset + length) ?? Buffer.alloc(0);
      expect(Buffer.from(digest).equals(sha256(bytes))).toBe(true);
    }
  });

  it.each([
    ["that fit into a buffer", MIB],
    ["that are larger", 4 * MIB],
  ])("takes no buffer before the source begins to send, with pieces %s", async (_, pieceSize) => {
    await using rig = await createRig([100, 5 * MIB], pieceSize);
    const { channel } = createSource(peer(1), rig.game);
    const asked = Promise.withResolvers<void>();
    const answer = Promise.withResolvers<void>();
    const buffers = createBufferPool();
    let taken = 0;
    const fetched = rig.fetch(
      rig.unit(1),
      {},
      {
        channel: {
          ...channel,
          requestData: async (request, options) => {
            asked.resolve();
            await answer.promise;
            return channel.requestData(request, options);
          },
        },
        buffers: {
          ...buffers,
          take: (length) => {
            taken += 1;
            return buffers.take(length);
          },
        },
      },
    );
    await asked.promise;
    expect(taken).toBe(0);
    answer.resolve();
    await fetched;
    expect(taken).toBeGreaterThan(0);
  });

  it("may have pieces that are larger than a buffer", async () => {
    await using rig = await createRig([9 * MIB + 5], 4 * MIB);
    await rig.fetch(rig.unit(0));
    expect(rig.right).toHaveLength(3);
    expect(rig.written[0]?.equals(rig.game.files.get("f0") ?? Buffer.alloc(0))).toBe(true);
  });

  it("may be larger than one request may ask for", async () => {
    await using rig = await createRig([MAX_CHUNK_BYTES + MIB + 1]);
    const lengths: number[] = [];
    await rig.fetch(rig.unit(0), {
      onRequest: async (request) => {
        if (request.type === "get_game_file_chunk") lengths.push(request.length);
        return undefined;
      },
    });
    expect(lengths).toEqual([MAX_CHUNK_BYTES, MIB + 1]);
    expect(rig.right).toHaveLength(34);
  });

  it("without known digests counts as it comes, and tells the digests", async () => {
    await using rig = await createRig([2 * MIB]);
    await rig.fetch(rig.unit(0), {}, { digestOf: () => null });
    const content = rig.game.files.get("f0") ?? Buffer.alloc(0);
    // Two pieces of a unit may be hashed and written at once: the second one may be the first to be right.
    const inOrder = rig.right.toSorted((a, b) => a.index - b.index);
    expect(inOrder.map(({ digest }) => Buffer.from(digest))).toEqual([
      sha256(content.subarray(0, MIB)),
      sha256(content.subarray(MIB)),
    ]);
  });
});

describe("a wrong piece", () => {
  const flipAt = (at: number): Behaviour => ({
    onBytes: (_path, _offset, bytes) => {
      const wrong = Buffer.from(bytes);
      wrong[at] = (wrong[at] ?? 0) ^ 0x80;
      return wrong;
    },
  });

  it("is reported and not written, and the others count", async () => {
    await using rig = await createRig([4 * MIB]);
    await rig.fetch(rig.unit(0), flipAt(2 * MIB + 17));
    expect(rig.wrong).toEqual([2]);
    expect(rig.right.map(({ index }) => index as number).sort((a, b) => a - b)).toEqual([0, 1, 3]);
    expect(rig.written[0]?.subarray(2 * MIB, 3 * MIB).every((byte) => byte === 0)).toBe(true);
  });

  it("never counts, however large it is", async () => {
    await using rig = await createRig([8 * MIB], 4 * MIB);
    await rig.fetch(rig.unit(0), flipAt(1));
    expect(rig.wrong).toEqual([0]);
    expect(rig.right.map(({ index }) => index as number)).toEqual([1]);
  });
});

describe("an answer of the wrong size", () => {
  it.each([
    {
      name: "fewer bytes",
      change: (bytes: Buffer) => bytes.subarray(0, -1),
      right: 1,
    },
    {
      name: "more bytes",
      change: (bytes: Buffer) => Buffer.concat([bytes, bytes]),
      right: 2,
    },
  ])("is the source's fault; pieces that had come count: $name", async ({ change, right }) => {
    await using rig = await createRig([2 * MIB]);
    const failure = rig.fetch(rig.unit(0), {
      onBytes: (_path, _offset, bytes) => change(bytes),
    });
    await expect(failure).rejects.toBeInstanceOf(SourceError);
    await expect(failure).rejects.toMatchObject({
      code: null,
      retryable: false,
    });
    expect(rig.right).toHaveLength(right);
  });

  it("is noticed before a byte is read where the frame says it", async () => {
    await using rig = await createRig([MIB]);
    const failure = rig.fetch(rig.unit(0), {
      onRequest: async () => ({ type: "file_data", size: 7 }),
    });
    await expect(failure).rejects.toMatchObject({
      name: "SourceError",
      code: null,
    });
    expect(rig.received).toBe(0);
  });

  it("is refused where the frame says it, even if the bytes behind it are right", async () => {
    await using rig = await createRig([MIB]);
    const { channel } = createSource(peer(1), rig.game);
    const failure = rig.fetch(
      rig.unit(0),
      {},
      {
        channel: {
          ...channel,
          requestData: async (request, options) => {
            const data = await channel.requestData(request, options);
            return { ...data, answer: { type: "file_data", size: MIB + 1 } };
          },
        },
      },
    );
    await expect(failure).rejects.toBeInstanceOf(SourceError);
    expect(rig.received).toBe(0);
  });
});

it("passes on what a source refuses", async () => {
  await using rig = await createRig([MIB]);
  const refusal = {
    type: "error",
    code: "operation_active",
    message: "busy",
    retryable: true,
  } as const;
  await expect(rig.fetch(rig.unit(0), { onRequest: async () => refusal })).rejects.toMatchObject({
    name: "SourceError",
    code: "operation_active",
    retryable: true,
    message: "busy",
  });
});

describe("a failing sink", () => {
  it("ends the unit, and is told from a failing source", async () => {
    await using rig = await createRig([4 * MIB]);
    const full = Object.assign(new Error("no space"), { code: "ENOSPC" });
    const sink: PieceSink = {
      write: async () => {
        throw full;
      },
    };
    const failure = rig.fetch(rig.unit(0), {}, { sink });
    await expect(failure).rejects.toBeInstanceOf(SinkError);
    await expect(failure).rejects.toMatchObject({ cause: full });
    expect(rig.right).toEqual([]);
  });

  it("has no write under way when the unit has ended", async () => {
    await using rig = await createRig([6 * MIB]);
    let running = 0;
    let writes = 0;
    const sink: PieceSink = {
      write: async () => {
        running += 1;
        const fails = ++writes === 2;
        await new Promise((resolve) => setTimeout(resolve, fails ? 0 : 30));
        running -= 1;
        if (fails) throw new Error("broken");
      },
    };
    await expect(rig.fetch(rig.unit(0), {}, { sink })).rejects.toBeInstanceOf(SinkError);
    expect(running).toBe(0);
  });
});

describe("a unit that is given up", () => {
  it("has no write under way when it has ended, also in the middle of a piece that is larger than a buffer", async () => {
    await using rig = await createRig([8 * MIB], 8 * MIB);
    let running = 0;
    let writes = 0;
    const sink: PieceSink = {
      write: async () => {
        running += 1;
        writes += 1;
        await new Promise((resolve) => setTimeout(resolve, 30));
        running -= 1;
      },
    };
    const source = { onBytes: (_path: string, _offset: number, bytes: Buffer) => bytes.subarray(0, 5 * MIB) };
    await expect(rig.fetch(rig.unit(0), source, { sink })).rejects.toBeInstanceOf(SourceError);
    expect(writes).toBeGreaterThan(0);
    expect(running).toBe(0);
  });

  it("cancels the answer, by its signal", async () => {
    await using rig = await createRig([4 * MIB]);
    using limit = new ProgressLimit(NO_PROGRESS_MS, "fetching");
    const source = createSource(peer(1), rig.game);
    const reason = new Error("enough");
    const ended = rig.fetch(
      rig.unit(0),
      {},
      {
        channel: source.channel,
        limit,
        onBytes: () => limit.abort(reason),
      },
    );
    await expect(ended).rejects.toBe(reason);
    expect(source.openAnswers()).toBe(0);
  });

  it("cancels the answer, when nothing moves", async () => {
    await using rig = await createRig([MIB]);
    let cancelled = false;
    const silent: DataAnswer = {
      answer: { type: "file_data", size: MIB },
      read: (_into, options) =>
        new Promise((_resolve, reject) => {
          options?.signal?.addEventListener("abort", () => reject(options.signal?.reason), { once: true });
        }),
      cancel: () => {
        cancelled = true;
      },
    };
    const channel: RequestChannel = {
      request: () => Promise.reject(new Error("not asked")),
      requestData: async () => silent,
    };
    using limit = new ProgressLimit(20, "fetching");
    await expect(rig.fetch(rig.unit(0), {}, { channel, limit })).rejects.toMatchObject({
      code: "timeout",
    });
    expect(cancelled).toBe(true);
  });
});

it("uses its buffers again", async () => {
  await using rig = await createRig([12 * MIB]);
  const pool = createBufferPool();
  const seen = new Set<ArrayBufferLike>();
  await rig.fetch(
    rig.unit(0),
    {},
    {
      buffers: {
        take: (length) => {
          const buffer = pool.take(length);
          seen.add(buffer.buffer);
          return buffer;
        },
        give: pool.give,
      },
    },
  );
  expect(seen.size).toBeLessThan(8);
});
