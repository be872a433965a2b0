import { appendFile, rename, rm, symlink, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type Hash, type PeerId, RESET } from "@lanspread/proto";
import { eventually } from "@lanspread/testkit";
import { describe, expect, it } from "vitest";
import { createCatalog } from "../../../src/catalog/catalog.ts";
import { STREAMS_AT_ONCE } from "../../../src/stream-install/send/constants.ts";
import { content, type Opened, type ServeRig } from "../../serve/rig.ts";
import {
  askForStream,
  countingUnpacker,
  createStreamRig,
  GGOO,
  gameOf,
  nothingLeft,
  type Received,
} from "./support.ts";

const FILES = await gameOf({
  "a.eti": [{ name: "big.bin", content: content(2_000_000, "a") }],
  "b.eti": [{ name: "small.bin", content: "small" }],
});
const MANIFEST_OF_ANOTHER = "0".repeat(64) as Hash;

const partyOf = (id: string, version: string) =>
  createCatalog(
    JSON.stringify({ format: 1, name: "party", games: [{ id, name: "Game", version }] }),
    "catalog.json",
  );

/** Everything that comes, over a stream in memory. */
async function ask(rig: ServeRig, manifestHash?: Hash): Promise<readonly Received[]> {
  const { asking, served } = rig.open();
  const frames = await (await askForStream(rig, asking, manifestHash)).rest();
  await served;
  return frames;
}

const refusal = (code: string, retryable = false) => [
  { type: "error", code, message: expect.any(String), retryable },
];

describe("what the gate refuses touches no disk and asks no unpacker", () => {
  it.each<[string, (rig: ServeRig) => void, Parameters<typeof refusal>]>([
    ["a game that is worked on", (rig) => void rig.library.busy.add(GGOO), ["operation_active", true]],
    [
      "a peer that has not said hello",
      (rig) => {
        rig.greeted = false;
      },
      ["bad_request", true],
    ],
  ])("%s", async (_, change, expected) => {
    const unpacker = countingUnpacker();
    await using rig = await createStreamRig(FILES, { unpacker });
    const hash = rig.manifest().manifest_hash;
    change(rig);
    expect(await ask(rig, hash)).toEqual(refusal(...expected));
    expect([rig.diskLooks, unpacker.lists]).toEqual([0, []]);
    expect(rig.outbound.counts()).toEqual({});
  });

  it.each<[string, Parameters<typeof partyOf> | null, string]>([
    ["another manifest than the current one", null, "manifest_changed"],
    ["a game outside of the catalog", ["other", "2018.04.12"], "not_in_catalog"],
    ["a version that the party does not play", [GGOO, "2019.01.01"], "version_mismatch"],
  ])("%s", async (_, party, code) => {
    const unpacker = countingUnpacker();
    const catalog = party === null ? {} : { catalog: partyOf(...party) };
    await using rig = await createStreamRig(FILES, { unpacker, ...catalog });
    expect(await ask(rig, MANIFEST_OF_ANOTHER)).toEqual(refusal(code));
    expect([rig.diskLooks, unpacker.lists]).toEqual([0, []]);
  });

  it("a game that is not downloaded", async () => {
    const { "version.ini": _, ...rest } = FILES;
    await using rig = await createStreamRig(rest);
    expect(await ask(rig, MANIFEST_OF_ANOTHER)).toEqual(refusal("not_downloaded"));
    expect(rig.diskLooks).toBe(0);
  });
});

describe("what is no longer on the disk as the manifest says is refused before the first frame", () => {
  const at = (rig: ServeRig, name: string): string => join(rig.library.gamesDir, GGOO, name);

  it.each<[string, (rig: ServeRig) => Promise<unknown>, string]>([
    ["a game without its sentinel", (rig) => rm(at(rig, "version.ini")), "not_downloaded"],
    ["an archive that is gone", (rig) => rm(at(rig, "b.eti")), "manifest_changed"],
    [
      "all archives gone",
      async (rig) => {
        await rm(at(rig, "a.eti"));
        await rm(at(rig, "b.eti"));
      },
      "manifest_changed",
    ],
    [
      "an archive of another length",
      (rig) => appendFile(at(rig, "b.eti"), "behind its end"),
      "manifest_changed",
    ],
    [
      "an archive more",
      async (rig) => await writeFile(at(rig, "c.eti"), FILES["b.eti"] ?? ""),
      "manifest_changed",
    ],
  ])("%s", async (_, change, code) => {
    await using rig = await createStreamRig(FILES);
    const hash = rig.manifest().manifest_hash;
    await change(rig);
    expect(await ask(rig, hash)).toEqual(refusal(code));
    // The library looks again, and tells who has to know.
    await eventually(() => rig.library.library.manifestOf(GGOO)?.manifest.manifest_hash !== hash);
    await nothingLeft(rig);
  });

  it("an archive that became a link, and one that is cut off, by an error that names it", async () => {
    await using rig = await createStreamRig(FILES);
    const hash = rig.manifest().manifest_hash;
    await rename(at(rig, "b.eti"), rig.library.dir.join("elsewhere"));
    await symlink(rig.library.dir.join("elsewhere"), at(rig, "b.eti"));
    const [linked, ...more] = await ask(rig, hash);
    expect(linked).toEqual({
      type: "error",
      code: "internal",
      message: "b.eti is a link, which is not followed",
      retryable: false,
    });
    expect(more).toEqual([]);
    await rm(at(rig, "b.eti"));
    await rename(rig.library.dir.join("elsewhere"), at(rig, "b.eti"));
    await truncate(at(rig, "a.eti"), 1_000_000);
    const [cut] = await ask(rig, hash);
    expect(cut).toMatchObject({ type: "error", message: expect.stringContaining("a.eti ends too early") });
  });
});

it("streams for a bounded number of peers at once, and tells the next one that it is busy", async () => {
  await using rig = await createStreamRig(FILES);
  const peers = Array.from({ length: STREAMS_AT_ONCE }, (_, index) => `peer-${index}` as PeerId);
  const stalled: Opened[] = [];
  for (const peerId of peers) {
    const opened = rig.open({ windowBytes: 64 * 1024, context: { peerId } });
    await askForStream(rig, opened.asking);
    stalled.push(opened);
  }
  await eventually(() => rig.outbound.counts()[GGOO] === STREAMS_AT_ONCE);
  expect(await ask(rig)).toEqual(refusal("busy", true));
  const [first] = stalled;
  first?.asking.stop(RESET.cancelled);
  await first?.served;
  expect((await ask(rig)).at(-1)).toMatchObject({ type: "complete", files: 2 });
  for (const { asking } of stalled) asking.stop(RESET.cancelled);
  await nothingLeft(rig);
});

it("streams two games to one peer at once, and lets a third one wait", async () => {
  await using rig = await createStreamRig(FILES);
  const opened = [0, 1, 2].map(() => rig.open({ windowBytes: 64 * 1024 }));
  const receivers = await Promise.all(opened.map(({ asking }) => askForStream(rig, asking)));
  await eventually(() => rig.outbound.counts()[GGOO] === 2);
  const all = await Promise.all(receivers.map((receiver) => receiver.rest()));
  for (const frames of all) expect(frames.at(-1)).toMatchObject({ type: "complete" });
  await nothingLeft(rig);
});
