import { asPeerId, type Hash, hashSchema, type PeerId } from "@lanspread/proto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Ballot, groupBallots, vote } from "../../src/download/vote.ts";

const hash = (digit: string): Hash => hashSchema.parse(digit.repeat(64));
const [M, N] = [hash("a"), hash("b")];
const [X, Y] = [hash("1"), hash("2")];

function peer(number: number): PeerId {
  return asPeerId(`00000000-0000-8000-8000-${String(number).padStart(12, "0")}`);
}

/** Ballots of peers 0, 1, 2 … */
function ballots(...said: readonly (readonly [Hash, Hash | null])[]): Ballot[] {
  return said.map(([manifestHash, contentId], index) => ({
    peerId: peer(index),
    manifestHash,
    contentId,
  }));
}

describe("a vote", () => {
  it("is won by the majority", () => {
    const result = vote(ballots([M, X], [N, Y], [M, X]));
    expect(result).toMatchObject({
      status: "winner",
      winner: { manifestHash: M, contentId: X, peers: [peer(0), peer(2)] },
    });
  });

  it("is won by the unique plurality", () => {
    const result = vote(ballots([M, X], [N, Y], [M, X], [hash("c"), hash("3")], [hash("d"), hash("4")]));
    expect(result).toMatchObject({
      status: "winner",
      winner: { manifestHash: M },
    });
  });

  it("is a tie where two groups are largest", () => {
    const result = vote(ballots([M, X], [N, Y], [M, X], [N, Y], [hash("c"), hash("3")]));
    expect(result.status).toBe("tie");
    expect(result.groups.map(({ peers }) => peers.length)).toEqual([2, 2, 1]);
  });

  it("tells contents of one manifest apart", () => {
    expect(vote(ballots([M, X], [M, Y])).status).toBe("tie");
    expect(vote(ballots([M, X], [M, Y], [M, Y]))).toMatchObject({
      winner: { contentId: Y },
    });
  });

  it("counts a peer without content_id with the only content of its manifest", () => {
    expect(vote(ballots([M, X], [M, null], [N, Y]))).toMatchObject({
      status: "winner",
      winner: { contentId: X, peers: [peer(0), peer(1)] },
    });
  });

  it("counts a peer without content_id with nobody where contents differ", () => {
    const result = vote(ballots([M, X], [M, null], [M, Y], [M, null]));
    expect(result.status).toBe("tie");
    expect(result.groups.flatMap(({ peers }) => peers)).toEqual([peer(0), peer(2)]);
  });

  it("works where nobody knows a content_id", () => {
    expect(vote(ballots([M, null], [M, null], [N, null]))).toMatchObject({
      winner: { manifestHash: M, contentId: null, peers: [peer(0), peer(1)] },
    });
  });

  it("is won by the pinned content alone, however few have it", () => {
    const said = ballots([M, X], [M, X], [N, Y], [M, X]);
    expect(vote(said, Y)).toMatchObject({
      winner: { manifestHash: N, contentId: Y, peers: [peer(2)] },
    });
    expect(vote(said, hash("9")).status).toBe("nobody");
    expect(vote(ballots([M, null], [M, null]), X).status).toBe("nobody");
  });

  it("is nobody's without ballots", () => {
    expect(vote([])).toEqual({ status: "nobody", groups: [] });
  });

  const said = fc.array(fc.tuple(fc.constantFrom(M, N), fc.constantFrom(X, Y, hash("3"), null)), {
    maxLength: 9,
  });

  it("does not depend on the order of the ballots, and counts nobody twice", () => {
    fc.assert(
      fc.property(said, fc.infiniteStream(fc.nat()), (list, shuffle) => {
        const all = ballots(...list);
        const other = all
          .map((ballot) => ({ ballot, key: shuffle.next().value ?? 0 }))
          .sort((a, b) => a.key - b.key)
          .map(({ ballot }) => ballot);
        expect(vote(other)).toEqual(vote(all));
        const counted = groupBallots(all).flatMap(({ peers }) => peers);
        expect(new Set(counted).size).toBe(counted.length);
      }),
    );
  });

  it("has a winner only if no other group is as large", () => {
    fc.assert(
      fc.property(said, (list) => {
        const result = vote(ballots(...list));
        if (result.status !== "winner") return;
        const { peers } = result.winner;
        expect(result.groups.filter((group) => group.peers.length >= peers.length)).toHaveLength(1);
      }),
    );
  });
});
