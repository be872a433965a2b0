import { readdir } from "node:fs/promises";
import { seededBytes } from "@lanspread/testkit";
import { expect, it } from "vitest";
import {
  ARCHIVE_MIB,
  askedPieces,
  createRig,
  createRigWithGame,
  createSource,
  hasWholeGame,
  MIB,
  peer,
} from "./support.ts";

it("does not wait for a source whose last answer has all its bytes and no end", async () => {
  const { rig, game } = await createRigWithGame();
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
  const { rig, game } = await createRigWithGame();
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
  const { rig, game } = await createRigWithGame();
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
