import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { contentId, DIGEST_BYTES, type Request } from "@lanspread/proto";
import { eventually } from "@lanspread/testkit";
import { expect, it } from "vitest";
import type { DataAnswer } from "../../src/transfer/index.ts";
import { expectedContentId } from "../library/support.ts";
import { ASKER, content, createServeRig, GGOO } from "./rig.ts";

async function readAll(data: DataAnswer): Promise<Buffer> {
  const parts: Buffer[] = [];
  const buffer = Buffer.alloc(64 * 1024);
  for (;;) {
    const count = await data.read(buffer);
    if (count === 0) return Buffer.concat(parts);
    parts.push(Buffer.from(buffer.subarray(0, count)));
  }
}

it("gives the library and the manifest as they are announced", async () => {
  await using rig = await createServeRig();
  const { library } = rig.library;
  expect(await rig.ask({ type: "list_games" })).toEqual({ type: "games", snapshot: library.snapshot() });
  expect(await rig.ask({ type: "get_game", game_id: GGOO })).toEqual({
    type: "game",
    manifest: rig.manifest(),
  });
});

it("gives the digests of all pieces, which make the content id", async () => {
  await using rig = await createServeRig();
  const { manifest_hash, content_id } = rig.manifest();
  const data = await rig.channel.requestData({ type: "get_piece_hashes", game_id: GGOO, manifest_hash });
  const digests = await readAll(data);
  expect(data.answer).toEqual({ type: "piece_hashes", count: digests.length / DIGEST_BYTES });
  expect(contentId(manifest_hash, digests)).toBe(content_id);
  expect(content_id).toBe(await expectedContentId(rig.library.library, rig.library.gamesDir, GGOO));
});

it("gives whole files, empty ones too", async () => {
  const files = { "version.ini": "2018.04.12", "a.eti": content(3_000_000, "a"), "data/empty.txt": "" };
  await using rig = await createServeRig(files);
  const { manifest_hash, files: listed } = rig.manifest();
  expect(listed.map((file) => file.path)).toEqual(["a.eti", "data/empty.txt", "version.ini"]);
  for (const { path, size } of listed) {
    const request: Request = { type: "get_game_file_data", game_id: GGOO, manifest_hash, path };
    const data = await rig.channel.requestData(request);
    expect(data.answer).toEqual({ type: "file_data", size });
    expect((await readAll(data)).equals(await readFile(join(rig.library.gamesDir, GGOO, path)))).toBe(true);
  }
});

it("gives any part of a file", async () => {
  await using rig = await createServeRig();
  const bytes = content(3_000_000, "a");
  const parts = [
    [0, 1],
    [2_999_999, 1],
    [524_287, 524_290],
    [1, 2_999_999],
    [0, 3_000_000],
  ] as const;
  for (const [offset, length] of parts) {
    const data = await rig.channel.requestData(rig.chunk("a.eti", offset, length));
    expect(data.answer).toEqual({ type: "file_data", size: length });
    expect((await readAll(data)).equals(bytes.subarray(offset, offset + length))).toBe(true);
  }
});

it("hands control requests to the peers layer", async () => {
  await using rig = await createServeRig();
  expect(await rig.ask({ type: "ping", peer_id: ASKER })).toEqual({ type: "pong" });
  expect(await rig.ask({ type: "goodbye", peer_id: ASKER })).toEqual({ type: "ok" });
  expect(rig.handled.map((request) => request.type)).toEqual(["ping", "goodbye"]);
});

it("leaves nothing registered and nothing open behind", async () => {
  await using rig = await createServeRig();
  const { asking, served } = rig.open();
  const all = Promise.all(
    Array.from({ length: 40 }, async (_, index) => {
      const data = await rig.channel.requestData(rig.chunk("a.eti", index, 2_000_000));
      return (await readAll(data)).length;
    }),
  );
  expect(new Set(await all)).toEqual(new Set([2_000_000]));
  asking.finish();
  await served;
  // Who asks has the end as soon as the transport has taken it.
  await eventually(() => Object.keys(rig.outbound.counts()).length === 0, { what: "no answers" });
});
