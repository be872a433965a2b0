import { asPieceIndex, pieceLayout } from "@lanspread/proto";
import { expect, it } from "vitest";
import { chunksOf } from "../../src/download/finished-chunks.ts";
import { MIB, peer } from "./support.ts";

it("joins verified pieces without gaps into chunks", () => {
  const layout = pieceLayout({
    piece_size: MIB,
    files: [
      { path: "a", size: MIB },
      { path: "b", size: 5 * MIB - 1 },
    ],
  });
  const [peerId, path] = [peer(1), "b"];
  expect(chunksOf(layout, [1, 2, 4, 5].map(asPieceIndex), peerId)).toEqual([
    { peerId, path, offset: 0, length: 2 * MIB, pieces: 2 },
    { peerId, path, offset: 3 * MIB, length: 2 * MIB - 1, pieces: 2 },
  ]);
  expect(chunksOf(layout, [], peerId)).toEqual([]);
});
