import { type GameSummary, hashSchema } from "@lanspread/proto";
import { describe, expect, it } from "vitest";
import { fetchManifest } from "../../src/download/index.ts";
import { candidate, game, ids, saying } from "./candidates.ts";
import { type Behaviour, createRig, GGOO, peer, type SourceGame } from "./support.ts";

describe("a peer takes no part", () => {
  const lies: readonly {
    readonly name: string;
    readonly lie: (has: SourceGame) => Behaviour;
  }[] = [
    {
      name: "whose manifest_hash is not that of its list",
      lie: ({ manifest }) =>
        saying({
          ...manifest,
          files: manifest.files.map((file) => ({
            ...file,
            size: file.size + 1,
          })),
        }),
    },
    {
      name: "whose digests are not those of its content_id",
      lie: ({ manifest }) => saying({ ...manifest, content_id: hashSchema.parse("1".repeat(64)) }),
    },
    {
      name: "that sends another number of digests",
      lie: () => ({
        onRequest: async ({ type }) =>
          type === "get_piece_hashes" ? { type: "piece_hashes", count: 1 } : undefined,
      }),
    },
    {
      name: "that sends fewer digests than it says",
      lie: ({ digests }) => ({
        onRequest: async ({ type }) =>
          type === "get_piece_hashes" ? { type: "piece_hashes", count: digests.length / 32 } : undefined,
      }),
    },
    {
      name: "that refuses",
      lie: () => ({
        onRequest: async () => ({
          type: "error",
          code: "busy",
          message: "no",
          retryable: true,
        }),
      }),
    },
    {
      name: "that answers something else",
      lie: () => ({
        onRequest: async ({ type }) => (type === "get_game" ? { type: "ok" } : undefined),
      }),
    },
    {
      name: "that cannot be asked",
      lie: () => ({
        onRequest: async () => {
          throw new Error("connection lost");
        },
      }),
    },
    {
      name: "that never answers",
      lie: () => ({
        onRequest: (_request, signal) =>
          new Promise((_, reject) => signal?.addEventListener("abort", () => reject(signal.reason))),
      }),
    },
  ];

  it.each(lies)("$name", async ({ lie }) => {
    await using rig = await createRig();
    const [evil, right] = [await game(rig, 1), await game(rig, 2)];
    const fetched = await fetchManifest({
      gameId: GGOO,
      candidates: [
        candidate(peer(1), evil, lie(evil)),
        candidate(peer(2), evil, lie(evil)),
        candidate(peer(3), right),
      ],
      timeoutMs: 200,
    });
    expect(fetched.manifest).toEqual(right.manifest);
    expect(ids(fetched.sources)).toEqual([peer(3)]);
  });

  it.each(lies)("$name, and alone it is nobody", async ({ lie }) => {
    await using rig = await createRig();
    const evil = await game(rig, 1);
    await expect(
      fetchManifest({
        gameId: GGOO,
        candidates: [candidate(peer(1), evil, lie(evil))],
        timeoutMs: 200,
      }),
    ).rejects.toMatchObject({
      code: "no-peers-have-game",
      message: expect.stringContaining(peer(1)),
    });
  });

  it.each([
    { name: "of another game", announced: { id: "other" } },
    { name: "that is not ready", announced: { availability: "local_only" } },
  ])("$name", async ({ announced }) => {
    await using rig = await createRig();
    const has = await game(rig, 1);
    const asked = candidate(peer(1), has, {}, announced as Partial<GameSummary>);
    await expect(fetchManifest({ gameId: GGOO, candidates: [asked] })).rejects.toMatchObject({
      code: "no-peers-have-game",
    });
    expect(asked.source.requests).toEqual([]);
  });
});
