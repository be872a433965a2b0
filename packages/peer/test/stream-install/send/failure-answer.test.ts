import { describe, expect, it } from "vitest";
import { PeerError } from "../../../src/errors/index.ts";
import { archiveFailure } from "../../../src/stream-install/send/failure-answer.ts";

const ROOT = "/home/somebody/games/ggoo/";

describe("what a receiver is told of archives that cannot be unpacked", () => {
  it.each([
    [
      "archive-damaged",
      `${ROOT}a.eti: "b.bin": the checksum is wrong`,
      'a.eti: "b.bin": the checksum is wrong',
    ],
    [
      "archive-missing-volume",
      `${ROOT}a.part1.eti: the volume a.part2.eti is missing`,
      "a.part1.eti: the volume a.part2.eti is missing",
    ],
    ["archive-truncated", `${ROOT}a.eti ends too early, see ${ROOT}a.eti`, "a.eti ends too early, see a.eti"],
  ] as const)("%s: names of the game, none of this machine", (code, message, told) => {
    expect(archiveFailure(new PeerError(code, message), ROOT)).toEqual({
      type: "error",
      code: "internal",
      message: told,
      retryable: false,
    });
  });

  it.each([
    new PeerError("disk-error", `${ROOT}a.eti: the disk failed`),
    new PeerError("cancelled", "enough"),
    new PeerError("internal", `${ROOT}a.eti: a fault`),
    new Error(ROOT),
  ])("is nothing where they are not at fault: $message", (error) => {
    expect(archiveFailure(error, ROOT)).toBeNull();
  });
});
