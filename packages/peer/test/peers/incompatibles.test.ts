import { asPeerId } from "@lanspread/proto";
import { describe, expect, it } from "vitest";
import { MAX_INCOMPATIBLE } from "../../src/peers/constants.ts";
import { type Incompatible, Incompatibles } from "../../src/peers/incompatibles.ts";

function peer(number: number): Incompatible {
  const peerId = asPeerId(`00000000-0000-8000-8000-${String(number).padStart(12, "0")}`);
  return { peerId, addr: `10.0.0.1:${number}`, code: "incompatible-peer", reason: "version 4", detail: "4" };
}

function watched() {
  const story: string[] = [];
  const incompatibles = new Incompatibles({
    onNews: ({ addr, reason }) => story.push(`${addr}: ${reason}`),
    onGone: (peerId) => story.push(`gone ${Number(peerId.slice(-12))}`),
  });
  return { story, incompatibles };
}

describe("those who cannot join", () => {
  it("are listed with the reason that was told, until they are forgotten, which is told once", () => {
    const { story, incompatibles } = watched();
    incompatibles.note(peer(1));
    incompatibles.note(peer(2));
    incompatibles.note({ ...peer(1), addr: "10.0.0.9:9", reason: "refused by TLS", detail: null });
    expect(incompatibles.list()).toEqual([
      { peerId: peer(2).peerId, addr: "10.0.0.1:2", reason: "version 4" },
      { peerId: peer(1).peerId, addr: "10.0.0.1:1", reason: "version 4" },
    ]);
    incompatibles.note({ ...peer(1), reason: "version 6", detail: "6" });
    expect(incompatibles.list().at(-1)?.reason).toBe("version 6");
    incompatibles.forget(peer(1).peerId);
    incompatibles.forget(peer(1).peerId);
    expect(incompatibles.list()).toHaveLength(1);
    expect(story).toEqual([
      "10.0.0.1:1: version 4",
      "10.0.0.1:2: version 4",
      "10.0.0.1:1: version 6",
      "gone 1",
    ]);
  });

  it("are no more than can be shown: who was met longest ago gives way", () => {
    const { story, incompatibles } = watched();
    for (let number = 0; number <= MAX_INCOMPATIBLE; number += 1) incompatibles.note(peer(number));
    expect(incompatibles.list()).toHaveLength(MAX_INCOMPATIBLE);
    expect(story.filter((line) => line.startsWith("gone"))).toEqual(["gone 0"]);
  });
});
