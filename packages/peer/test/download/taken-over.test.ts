import { setTimeout as delay } from "node:timers/promises";
import { seededBytes } from "@lanspread/testkit";
import { expect, it } from "vitest";
import { createRig, createSource, hasWholeGame, MIB, peer } from "./support.ts";

/** Longer than any test: a source that has not answered by then has not been waited for. */
const FOR_EVER_MS = 2 ** 30;

it("without digests what a source does not send is taken from it when nothing else is left, and not waited for", async () => {
  await using rig = await createRig();
  const whole = await rig.game({ "version.ini": "20180412", "game.eti": seededBytes(5, 24 * MIB) });
  const game = { ...whole, manifest: { ...whole.manifest, content_id: null } };
  const dropped: unknown[] = [];
  const silent = createSource(peer(1), game, {
    onRequest: async (_, signal) => {
      await delay(FOR_EVER_MS, undefined, signal === undefined ? {} : { signal }).catch((error: unknown) => {
        dropped.push(error);
        throw error;
      });
      return undefined;
    },
  });
  const other = createSource(peer(2), game);
  const result = await rig.download(game, [silent, other], { digests: null });
  expect(await hasWholeGame(rig.root, whole)).toBe(true);
  expect(dropped).toHaveLength(silent.requests.length);
  expect(result.retried).toBeGreaterThan(0);
  expect(silent.openAnswers() + other.openAnswers()).toBe(0);
});
