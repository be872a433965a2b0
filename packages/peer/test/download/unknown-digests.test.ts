import { describe, expect, it } from "vitest";
import { PeerError } from "../../src/errors/index.ts";
import {
  createRigWithGame,
  createSource,
  type DownloadRig,
  flipped,
  hasWholeGame,
  peer,
  type SourceGame,
} from "./support.ts";

describe("where nobody knows the digests", () => {
  it("the receiver's own ones are the result", async () => {
    const { rig, game } = await createRigWithGame();
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
    const { rig, game } = await createRigWithGame();
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
    const { rig, game } = await createRigWithGame();
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
