import { readFile } from "node:fs/promises";
import { crc32 } from "node:zlib";
import { encodeControlFrame, RESET, type StreamControl } from "@lanspread/proto";
import { type Rar5Entry, seededBytes } from "@lanspread/testkit";
import { describe, expect, it } from "vitest";
import { connect } from "../../serve/party.ts";
import {
  askForStream,
  countingUnpacker,
  createStreamRig,
  GGOO,
  gameOf,
  nothingLeft,
  shorten,
  solidArchiveOf,
  unpackingThreads,
} from "./support.ts";

const MIB = 1024 * 1024;
const LARGE = seededBytes(7, 24 * MIB);

/** Bytes that the threads of this process have read so far, from wherever. Linux alone tells. */
async function bytesRead(): Promise<number> {
  const line = /^rchar: (\d+)$/mu.exec(await readFile("/proc/self/io", "utf8"));
  return Number(line?.[1]);
}

describe("what goes over the wire", () => {
  it("has bytes as bytes, never as JSON number arrays: a frame costs five more", async () => {
    await using rig = await createStreamRig(await gameOf({ "a.eti": [{ name: "a.bin", content: LARGE }] }));
    const { asking, served } = rig.open();
    const frames = await (await askForStream(rig, asking)).rest();
    await served;
    const raw = frames.filter((frame) => frame instanceof Uint8Array);
    expect(Buffer.concat(raw).equals(LARGE)).toBe(true);
    const control = frames.filter((frame): frame is StreamControl => !(frame instanceof Uint8Array));
    const sizes = control.map((frame) => encodeControlFrame(frame).length);
    expect(control.map(({ type }) => type)).toEqual(["archive_begin", "file_begin", "file_end", "complete"]);
    expect(Math.max(...sizes)).toBeLessThan(200);
  });

  it("has each file by its own name: names are no wildcard masks", async () => {
    const names = ["[ab].txt", "a.txt", "b.txt", "@list.txt", "-x.txt", "a.txt,b.txt"];
    const entries = names.map((name, index): Rar5Entry => ({ name, content: `content ${index}` }));
    const unpacker = countingUnpacker();
    await using rig = await createStreamRig(await gameOf({ "a.eti": entries }), { unpacker });
    const { asking, served } = rig.open();
    const frames = shorten(await (await askForStream(rig, asking)).rest());
    await served;
    expect(frames.slice(1, -1)).toMatchObject(
      names.flatMap((path, index) => [
        { type: "file_begin", path },
        { bytes: 9, crc: crc32(`content ${index}`) },
        { type: "file_end", crc32: crc32(`content ${index}`) },
      ]),
    );
    expect(unpacker.streams).toHaveLength(1);
  });

  it("has nothing of an archive in which a name is a mask", async () => {
    const entries: Rar5Entry[] = [
      { name: "a.txt", content: "a" },
      { name: "*.txt", content: "all" },
    ];
    await using rig = await createStreamRig(await gameOf({ "a.eti": entries }));
    const { asking, served } = rig.open();
    const frames = await (await askForStream(rig, asking)).rest();
    await served;
    expect(frames).toEqual([
      { type: "error", code: "internal", message: expect.stringContaining('"*.txt"'), retryable: false },
    ]);
  });
});

it("a solid archive is not decompressed once per file: it is read once, whatever is in it", async () => {
  const entries = Array.from({ length: 64 }, (_, index) => ({
    name: `${index}.bin`,
    content: seededBytes(index, MIB / 2),
  }));
  const archive = await solidArchiveOf(entries);
  const unpacker = countingUnpacker();
  await using rig = await createStreamRig({ "version.ini": "1", "a.eti": archive }, { unpacker });
  const before = process.platform === "linux" ? await bytesRead() : 0;
  const { asking, served } = rig.open();
  const frames = shorten(await (await askForStream(rig, asking)).rest());
  await served;
  const read = process.platform === "linux" ? (await bytesRead()) - before : 0;
  expect(frames[0]).toMatchObject({ type: "archive_begin", solid: true, entries: 64 });
  expect(frames.at(-1)).toMatchObject({ type: "complete", files: 64, bytes: 32 * MIB });
  expect([unpacker.lists.length, unpacker.streams.length]).toEqual([1, 1]);
  // The archive once, its headers some times, and what threads load when they start. Half of it for each file would be 16 times as much.
  expect(read).toBeLessThan(2 * archive.length);
});

describe("over a real connection", () => {
  it("a receiver that cancels leaves no producer blocked, and no guard held", async () => {
    await using rig = await createStreamRig(await gameOf({ "a.eti": [{ name: "a.bin", content: LARGE }] }));
    await using party = await connect(rig);
    const receiver = await askForStream(rig, await party.connection.openStream());
    await receiver.next();
    expect(rig.outbound.counts()).toEqual({ [GGOO]: 1 });
    receiver.stream.stop(RESET.cancelled);
    await nothingLeft(rig);
    // An operation that takes the game now waits for nobody.
    await rig.outbound.cancel(GGOO);
  });

  it("a receiver that got everything leaves no producer blocked, and no guard held either", async () => {
    await using rig = await createStreamRig(await gameOf({ "a.eti": [{ name: "a.bin", content: LARGE }] }));
    await using party = await connect(rig);
    const receiver = await askForStream(rig, await party.connection.openStream());
    expect((await receiver.rest()).at(-1)).toMatchObject({ type: "complete" });
    await nothingLeft(rig);
    await rig.outbound.cancel(GGOO);
    expect(unpackingThreads()).toBe(0);
  });
});

it("files of zero bytes have a checksum, which is 0", async () => {
  const entries: Rar5Entry[] = [
    { name: "empty.txt", content: "" },
    { name: "full.txt", content: "full" },
    { name: "also-empty.txt", content: "" },
  ];
  for (const files of [await gameOf({ "a.eti": entries }), { "version.ini": "1", "empty.txt": "" }]) {
    await using rig = await createStreamRig(files);
    const { asking, served } = rig.open();
    const frames = shorten(await (await askForStream(rig, asking)).rest());
    await served;
    const at = frames.findIndex((frame) => (frame as { path?: string }).path === "empty.txt");
    expect(frames[at]).toMatchObject({ type: "file_begin", size: 0 });
    expect(frames[at + 1]).toEqual({ type: "file_end", crc32: 0 });
    expect(frames.at(-1)).toMatchObject({ type: "complete" });
  }
});
