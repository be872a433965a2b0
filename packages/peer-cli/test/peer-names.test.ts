import { asPeerId } from "@lanspread/proto";
import { describe, expect, it } from "vitest";
import { createPeerNames } from "../src/report/peer-names.ts";
import { displayWidth } from "../src/report/width.ts";

const A = asPeerId("6fa459ea-ee8a-8ca4-894e-db77e160355a");
const B = asPeerId("7fa459ea-ee8a-8ca4-894e-db77e160355b");
const UNKNOWN = asPeerId("8fa459ea-ee8a-8ca4-894e-db77e160355c");
const news = { addr: "127.0.0.1:4000", libraryRev: 1, gameCount: 1 };

describe("the name of a peer", () => {
  it("is what it calls itself, also when it has left", () => {
    const names = createPeerNames();
    names.take({ type: "peer-discovered", peerId: A, name: "anna", ...news });
    expect(names.nameOf(A)).toBe("anna");
    names.take({ type: "peer-updated", peerId: A, name: "annabel", ...news });
    names.take({ type: "peer-lost", peerId: A, reason: "goodbye" });
    expect(names.nameOf(A)).toBe("annabel");
  });

  it("has the head of the id where two have the same, or where it is not known", () => {
    const names = createPeerNames();
    names.learn([
      { peerId: A, name: "pc" },
      { peerId: B, name: "pc" },
    ]);
    expect([A, B, UNKNOWN].map(names.nameOf)).toEqual(["pc 6fa459ea", "pc 7fa459ea", "peer 8fa459ea"]);
  });

  it.each([
    ["\u001b[2J\u001b]0;title\u0007", "?[2J?]0;title?"],
    ["\n\r\t", "???"],
    ["   ", "peer 6fa459ea"],
    ["日".repeat(64), `${"日".repeat(11)}…`],
  ])("%j is shown as %j", (name, shown) => {
    const names = createPeerNames();
    names.learn([{ peerId: A, name }]);
    expect(names.nameOf(A)).toBe(shown);
  });

  it("is told apart and short where two have the same long one", () => {
    const names = createPeerNames();
    const name = "日".repeat(64);
    names.learn([
      { peerId: A, name },
      { peerId: B, name },
    ]);
    expect(names.nameOf(A)).not.toBe(names.nameOf(B));
    expect(displayWidth(names.nameOf(A))).toBeLessThanOrEqual(24);
  });

  it("takes the place of its id in a sentence, and unknown ids stay", () => {
    const names = createPeerNames();
    names.learn([{ peerId: A, name: "anna" }]);
    expect(names.inText(`from ${A} (${UNKNOWN})`)).toBe(`from anna (${UNKNOWN})`);
  });
});
