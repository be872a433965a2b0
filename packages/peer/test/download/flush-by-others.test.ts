import { mkdir, unlink, writeFile } from "node:fs/promises";
import { pieceLayout } from "@lanspread/proto";
import { temporaryDirectory } from "@lanspread/testkit";
import { describe, expect, it } from "vitest";
import { Payload } from "../../src/download/payload.ts";

const FILES = [
  { path: "a.eti", size: 4 },
  { path: "data/b.eti", size: 4 },
  { path: "version.ini", size: 3 },
];
const [A, B, SENTINEL] = [0, 1, 2];

async function createPayload() {
  const dir = await temporaryDirectory();
  const root = dir.join("ggoo");
  await mkdir(root);
  const layout = pieceLayout({ piece_size: 4, files: FILES });
  const payload = new Payload({ root, layout, old: new Set(), touched: false, touch: async () => {} });
  await payload.create(false);
  return {
    ...{ root, payload },
    async [Symbol.asyncDispose]() {
      await payload[Symbol.asyncDispose]();
      await dir[Symbol.asyncDispose]();
    },
  };
}

describe("files of a download that others write", () => {
  it("are flushed by others, once for what was written before", async () => {
    await using rig = await createPayload();
    const asked: (readonly string[])[] = [];
    const byOthers = async (paths: readonly string[]): Promise<boolean> => {
      asked.push(paths);
      return true;
    };
    rig.payload.writtenByOthers(A);
    rig.payload.writtenByOthers(B);
    await rig.payload.write(SENTINEL, new Uint8Array(3), 0);
    await rig.payload.flush([A, B, SENTINEL], byOthers);
    await rig.payload.flush([A, B, SENTINEL], byOthers);
    rig.payload.writtenByOthers(B);
    await rig.payload.flush([A, B, SENTINEL], byOthers);
    expect(asked).toEqual([["a.eti", "data/b.eti"], ["data/b.eti"]]);
  });

  it("are flushed here where the others cannot", async () => {
    await using rig = await createPayload();
    rig.payload.writtenByOthers(A);
    // That it is opened to be flushed is seen where it is missing.
    await unlink(`${rig.root}/a.eti`);
    await expect(rig.payload.flush([A], async () => false)).rejects.toMatchObject({ code: "no-such-file" });
    await writeFile(`${rig.root}/a.eti`, "1234");
    await rig.payload.flush([A], async () => false);
  });

  it("are to be flushed still when that failed", async () => {
    await using rig = await createPayload();
    rig.payload.writtenByOthers(A);
    const failing = (): Promise<boolean> => Promise.reject(new Error("the disk is gone"));
    await expect(rig.payload.flush([A], failing)).rejects.toThrow("the disk is gone");
    const asked: (readonly string[])[] = [];
    await rig.payload.flush([A], async (paths) => {
      asked.push(paths);
      return true;
    });
    expect(asked).toEqual([["a.eti"]]);
  });

  it("are written here as well, and then flushed here as well", async () => {
    await using rig = await createPayload();
    await rig.payload.write(A, new Uint8Array(4), 0);
    await unlink(`${rig.root}/a.eti`);
    // The handle is open still: nothing is looked for by its name.
    await rig.payload.flush([A], () => Promise.reject(new Error("nobody else has written it")));
  });
});
