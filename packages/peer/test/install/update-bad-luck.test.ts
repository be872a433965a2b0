import { mkdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { UpdateStep } from "../../src/install/index.ts";
import { tree } from "./support.ts";
import { createPlayed, update } from "./updating.ts";

/** Does something between two steps of an update. */
function when(at: UpdateStep, moment: string, work: () => Promise<void>) {
  return async (step: UpdateStep, now: string): Promise<void> => {
    if (step === at && now === moment) await work();
  };
}

describe.concurrent("an update keeps the user's files", () => {
  it.each([
    ["file", "saves/slot1.sav"],
    ["empty directory", "screenshots"],
  ])("where somebody takes a carried %s out of what is to be installed", async (_, path) => {
    await using rig = await createPlayed();
    await mkdir(join(rig.root, "local", "screenshots"));
    const old = await tree(join(rig.root, "local"));
    const onStep = when("flush-staging", "after", () =>
      rm(join(rig.root, ".local.installing", path), { recursive: true }),
    );
    await expect(update(rig, { onStep })).rejects.toMatchObject({
      code: "no-such-file",
      message: expect.stringContaining(path),
      hint: expect.any(String),
    });
    expect(await tree(join(rig.root, "local"))).toEqual(old);
    expect(await update(rig)).toMatchObject({ carried: 2 });
  });

  it("where two of their folders become one, and a file meets a folder there", async () => {
    await using rig = await createPlayed({
      users: { "b/x": "a file", "B/x/y": "in a folder", "B/z": "a file", "b/z/y": "in a folder" },
      new: [{ name: "B/new", content: "new" }],
    });
    expect(await update(rig)).toMatchObject({ carried: 4 });
    for (const [path, content] of Object.entries({
      "b/x": "a file",
      "B/x/y": "in a folder",
      "B/z": "a file",
      "b/z/y": "in a folder",
    })) {
      expect(await readFile(join(rig.root, "local", path), "utf8")).toBe(content);
    }
  });
});
