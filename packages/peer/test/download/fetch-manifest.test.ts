import { type Answer, type Hash, hashSchema } from "@lanspread/proto";
import { seededBytes } from "@lanspread/testkit";
import { describe, expect, it } from "vitest";
import { fetchManifest } from "../../src/download/index.ts";
import { candidate, game, ids, OLDER, saying, VERSION } from "./candidates.ts";
import { type Behaviour, createRig, GGOO, MIB, peer } from "./support.ts";

describe("the manifest of a game", () => {
  it("is the majority's, with its digests and its sources", async () => {
    await using rig = await createRig();
    const [right, other] = [await game(rig, 1), await game(rig, 2)];
    const fetched = await fetchManifest({
      gameId: GGOO,
      candidates: [candidate(peer(1), right), candidate(peer(2), other), candidate(peer(3), right)],
    });
    expect(fetched.manifest).toEqual(right.manifest);
    expect(Buffer.from(fetched.digests ?? []).equals(right.digests)).toBe(true);
    expect(ids(fetched.sources)).toEqual([peer(1), peer(3)]);
  });

  it("is not to be had where peers disagree without a majority, and the failure says who said what", async () => {
    await using rig = await createRig();
    const [one, two] = [await game(rig, 1), await game(rig, 2)];
    const failure = fetchManifest({
      gameId: GGOO,
      candidates: [candidate(peer(1), one), candidate(peer(2), two)],
    });
    await expect(failure).rejects.toMatchObject({ code: "ambiguous-metadata" });
    for (const said of [peer(1), peer(2), one.manifest.content_id, two.manifest.content_id]) {
      await expect(failure).rejects.toThrow(String(said));
    }
  });

  it("is that of the wanted version: peers of another one are not even asked", async () => {
    await using rig = await createRig();
    const [old, current] = [await game(rig, 1, OLDER), await game(rig, 2)];
    const behind = [candidate(peer(1), old), candidate(peer(2), old)];
    const candidates = [...behind, candidate(peer(3), current)];
    expect((await fetchManifest({ gameId: GGOO, candidates })).manifest.version).toBe(VERSION);
    expect(behind.flatMap(({ source }) => source.requests)).toEqual([]);
    const wanted = await fetchManifest({
      gameId: GGOO,
      candidates,
      version: OLDER,
    });
    expect(wanted.manifest.version).toBe(OLDER);
    expect(ids(wanted.sources)).toEqual([peer(1), peer(2)]);
  });

  it("is not that of a peer whose manifest is of another version than it announces", async () => {
    await using rig = await createRig();
    const [old, current] = [await game(rig, 1, OLDER), await game(rig, 2)];
    const lying = [1, 2].map((n) => candidate(peer(n), old, {}, { version: VERSION }));
    const fetched = await fetchManifest({
      gameId: GGOO,
      candidates: [...lying, candidate(peer(3), current)],
    });
    expect(ids(fetched.sources)).toEqual([peer(3)]);
  });

  it("is the pinned one, however few have it", async () => {
    await using rig = await createRig();
    const [common, rare] = [await game(rig, 1), await game(rig, 2)];
    const candidates = [candidate(peer(1), common), candidate(peer(2), common), candidate(peer(3), rare)];
    const pinnedContentId = rare.manifest.content_id as Hash;
    expect(ids((await fetchManifest({ gameId: GGOO, candidates, pinnedContentId })).sources)).toEqual([
      peer(3),
    ]);
    await expect(
      fetchManifest({
        gameId: GGOO,
        candidates,
        pinnedContentId: hashSchema.parse("0".repeat(64)),
      }),
    ).rejects.toMatchObject({ code: "no-peers-have-game" });
  });

  it("is not that of liars who only claim the pinned content", async () => {
    await using rig = await createRig();
    const [evil, right] = [await game(rig, 1), await game(rig, 2)];
    const claim = saying({
      ...evil.manifest,
      content_id: right.manifest.content_id,
    });
    const fetched = await fetchManifest({
      gameId: GGOO,
      candidates: [
        candidate(peer(1), evil, claim),
        candidate(peer(2), evil, claim),
        candidate(peer(3), right),
      ],
      pinnedContentId: right.manifest.content_id as Hash,
    });
    expect(ids(fetched.sources)).toEqual([peer(3)]);
    expect(fetched.liars).toEqual(
      [1, 2].map((n) => ({ peerId: peer(n), why: "has other digests than its content_id says" })),
    );
  });

  it.each([
    {
      name: "refuse to prove it",
      onRequest: async ({ type }: { type: string }): Promise<Answer | undefined> =>
        type === "get_piece_hashes"
          ? { type: "error", code: "busy", message: "later", retryable: true }
          : undefined,
    },
    {
      name: "never answer when they are to prove it",
      onRequest: ({ type }: { type: string }, signal?: AbortSignal): Promise<Answer | undefined> =>
        type === "get_piece_hashes"
          ? new Promise((_, reject) => signal?.addEventListener("abort", () => reject(signal.reason)))
          : Promise.resolve(undefined),
    },
  ])("is not that of liars who claim the pinned content and $name", async ({ onRequest }) => {
    await using rig = await createRig();
    const right = await game(rig, 2);
    const evil = await rig.game({ "version.ini": VERSION, "game.eti": seededBytes(1, 3 * MIB) }, VERSION);
    const claimed = { ...evil, manifest: { ...evil.manifest, content_id: right.manifest.content_id } };
    const fetched = await fetchManifest({
      gameId: GGOO,
      candidates: [
        ...[1, 2, 3].map((n) => candidate(peer(n), claimed, { onRequest })),
        candidate(peer(4), right),
      ],
      pinnedContentId: right.manifest.content_id as Hash,
      timeoutMs: 200,
    });
    expect(ids(fetched.sources)).toEqual([peer(4)]);
    expect(fetched.manifest).toEqual(right.manifest);
    expect(fetched.liars).toEqual([]);
  });

  it("is not to be had from a minority where the majority does not prove what it says", async () => {
    await using rig = await createRig();
    const [common, rare] = [await game(rig, 1), await game(rig, 2)];
    const mute: Behaviour = {
      onRequest: async ({ type }) =>
        type === "get_piece_hashes"
          ? { type: "error", code: "busy", message: "later", retryable: true }
          : undefined,
    };
    const failure = fetchManifest({
      gameId: GGOO,
      candidates: [
        candidate(peer(1), common, mute),
        candidate(peer(2), common, mute),
        candidate(peer(3), rare),
        // One that lies among them changes nothing.
        candidate(peer(4), common, {
          onRequest: async ({ type }) =>
            type === "get_piece_hashes" ? { type: "piece_hashes", count: 1 } : undefined,
        }),
      ],
    });
    await expect(failure).rejects.toMatchObject({ code: "no-peers-have-game" });
    for (const said of [peer(1), peer(2), "busy: later"]) await expect(failure).rejects.toThrow(said);
  });

  it("comes from the next one that has it while the first ones of its group are silent", async () => {
    await using rig = await createRig();
    const has = await game(rig, 1);
    let given = 0;
    const mute: Behaviour = {
      onRequest: ({ type }, signal) =>
        type === "get_piece_hashes"
          ? new Promise((_, reject) =>
              signal?.addEventListener("abort", () => {
                given += 1;
                reject(signal.reason);
              }),
            )
          : Promise.resolve(undefined),
    };
    const candidates = [
      candidate(peer(1), has, mute),
      candidate(peer(2), has, mute),
      candidate(peer(3), has),
    ];
    // With their whole time one after the other the silent ones would hold it for two minutes.
    const fetched = await fetchManifest({ gameId: GGOO, candidates, timeoutMs: 60_000 });
    expect(ids(fetched.sources)).toEqual([peer(1), peer(2), peer(3)]);
    // Nobody is being asked any more.
    expect(given).toBe(2);
  });

  it("has no digests while nobody has hashed the game", async () => {
    await using rig = await createRig();
    const has = await game(rig, 1);
    const unhashed = {
      ...has,
      manifest: { ...has.manifest, content_id: null },
    };
    const fetched = await fetchManifest({
      gameId: GGOO,
      candidates: [candidate(peer(1), unhashed)],
    });
    expect(fetched.digests).toBeNull();
    expect(fetched.manifest.content_id).toBeNull();
  });

  it("has the digests of who has hashed it, and the others are sources too", async () => {
    await using rig = await createRig();
    const has = await game(rig, 1);
    const unhashed = {
      ...has,
      manifest: { ...has.manifest, content_id: null },
    };
    const fetched = await fetchManifest({
      gameId: GGOO,
      candidates: [candidate(peer(1), unhashed), candidate(peer(2), has)],
    });
    expect(fetched.manifest.content_id).toBe(has.manifest.content_id);
    expect(Buffer.from(fetched.digests ?? []).equals(has.digests)).toBe(true);
    expect(ids(fetched.sources)).toEqual([peer(1), peer(2)]);
  });
});

it("ends when it is cancelled", async () => {
  await using rig = await createRig();
  const has = await game(rig, 1);
  const controller = new AbortController();
  const asked = candidate(peer(1), has, {
    onRequest: (_request, signal) =>
      new Promise((_, reject) => {
        signal?.addEventListener("abort", () => reject(signal.reason));
        controller.abort();
      }),
  });
  await expect(
    fetchManifest({
      gameId: GGOO,
      candidates: [asked],
      signal: controller.signal,
    }),
  ).rejects.toMatchObject({ name: "PeerError", code: "cancelled" });
});
