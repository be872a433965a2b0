import {
  type Answer,
  asGameId,
  asPeerId,
  errorAnswer,
  type GameSummary,
  gameVersionSchema,
  hashSchema,
  type LibraryDelta,
  type LibrarySnapshot,
} from "@lanspread/proto";
import { createVirtualClock, eventually } from "@lanspread/testkit";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { silentLogger } from "../../src/logger.ts";
import { DELTA_RETRY_MS } from "../../src/peers/constants.ts";
import { DeltaPush } from "../../src/peers/delta-push.ts";
import { libraryDiff } from "../../src/peers/library-diff.ts";

const ownId = asPeerId("00000000-0000-8000-8000-000000000001");
const other = asPeerId("00000000-0000-8000-8000-000000000002");

function game(id: string, size: number): GameSummary {
  return {
    id: asGameId(id),
    name: id,
    version: gameVersionSchema.parse("1"),
    size,
    downloaded: true,
    installed: false,
    manifest_hash: hashSchema.parse("0".repeat(64)),
    content_id: null,
    availability: "ready",
  };
}

const snapshot = (rev: number, games: Readonly<Record<string, number>>): LibrarySnapshot => ({
  library_rev: rev,
  games: Object.entries(games).map(([id, size]) => game(id, size)),
});

/** What a receiver makes of a snapshot and the deltas behind it. */
function apply(held: LibrarySnapshot, deltas: readonly LibraryDelta[]): LibrarySnapshot {
  let rev = held.library_rev;
  const games = new Map(held.games.map((entry) => [entry.id, entry]));
  for (const { delta } of deltas) {
    expect(delta.from_rev).toBe(rev);
    rev = delta.to_rev;
    for (const id of delta.removed) expect(games.delete(id)).toBe(true);
    for (const entry of delta.added) {
      expect(games.has(entry.id)).toBe(false);
      games.set(entry.id, entry);
    }
    for (const entry of delta.updated) {
      expect(games.has(entry.id)).toBe(true);
      games.set(entry.id, entry);
    }
  }
  return { library_rev: rev, games: [...games.values()].sort((a, b) => (a.id < b.id ? -1 : 1)) };
}

describe("the difference of two libraries", () => {
  it("makes the one of the other, and names nothing that stayed", () => {
    const games = fc.dictionary(fc.constantFrom("a", "b", "c", "d"), fc.integer({ min: 0, max: 2 }), {
      noNullPrototype: true,
    });
    fc.assert(
      fc.property(games, games, (before, after) => {
        const from = snapshot(3, before);
        const to = snapshot(4, after);
        const delta = libraryDiff(from, to);
        if (delta === null) throw new Error("the revisions differ");
        const sorted = { ...to, games: [...to.games].sort((a, b) => (a.id < b.id ? -1 : 1)) };
        expect(apply(from, [{ type: "library_delta", peer_id: ownId, delta }])).toEqual(sorted);
        for (const entry of delta.updated) expect(before[entry.id]).not.toBe(after[entry.id]);
      }),
    );
  });

  it("is none within one revision", () => {
    expect(libraryDiff(snapshot(3, { a: 1 }), snapshot(3, { a: 1 }))).toBeNull();
  });
});

describe("pushing deltas", () => {
  function setting() {
    let library = snapshot(1, { a: 1 });
    const sent: LibraryDelta[] = [];
    let answers: PromiseWithResolvers<Answer>[] = [];
    const clock = createVirtualClock();
    const push = new DeltaPush({
      ownId,
      clock,
      library: () => library,
      send: async (_, delta) => {
        sent.push(delta);
        const answer = Promise.withResolvers<Answer>();
        answers.push(answer);
        return await answer.promise;
      },
      logger: silentLogger,
    });
    return {
      push,
      clock,
      sent,
      publish(rev: number, games: Readonly<Record<string, number>>) {
        library = snapshot(rev, games);
        push.changed();
      },
      answer(answer: Answer | Error = { type: "ok" }) {
        for (const { resolve, reject } of answers) answer instanceof Error ? reject(answer) : resolve(answer);
        answers = [];
      },
    };
  }

  it("has one delta under way per peer; what changes meanwhile is the next one", async () => {
    const { push, sent, publish, answer } = setting();
    push.greeted(other, snapshot(1, { a: 1 }));
    expect(sent).toEqual([]);
    publish(2, { a: 1, b: 1 });
    publish(3, { a: 1, b: 2 });
    publish(4, { b: 2 });
    expect(sent).toHaveLength(1);
    answer();
    await eventually(() => sent.length === 2);
    answer();
    expect(sent.map(({ delta }) => [delta.from_rev, delta.to_rev])).toEqual([
      [1, 2],
      [2, 4],
    ]);
    expect(apply(snapshot(1, { a: 1 }), sent)).toEqual(snapshot(4, { b: 2 }));
  });

  it("tells at once what changed while hellos were exchanged", () => {
    const { push, sent } = setting();
    push.greeted(other, snapshot(0, {}));
    expect(sent).toMatchObject([{ delta: { from_rev: 0, to_rev: 1, added: [{ id: "a" }] } }]);
  });

  it("tells what could not be told again after a while, with what has changed since", async () => {
    const { push, clock, sent, publish, answer } = setting();
    push.greeted(other, snapshot(1, { a: 1 }));
    publish(2, {});
    answer(new Error("the stream was reset"));
    await eventually(() => clock.nextDue() !== null);
    clock.advance(DELTA_RETRY_MS);
    expect(sent.map(({ delta }) => [delta.from_rev, delta.to_rev])).toEqual([
      [1, 2],
      [1, 2],
    ]);
    publish(3, { c: 1 });
    answer();
    await eventually(() => sent.length === 3);
    expect(sent[2]).toMatchObject({ delta: { from_rev: 2, to_rev: 3 } });
  });

  it("tells a peer that was busy again, until it has heard it", async () => {
    const { push, clock, sent, publish, answer } = setting();
    push.greeted(other, snapshot(1, { a: 1 }));
    publish(2, {});
    for (let times = 2; times < 5; times++) {
      answer(errorAnswer("busy", "over 50 requests per second", true));
      await eventually(() => clock.nextDue() !== null);
      clock.advance(DELTA_RETRY_MS);
      expect(sent.map(({ delta }) => [delta.from_rev, delta.to_rev])).toEqual(Array(times).fill([1, 2]));
    }
    answer();
    await clock.advanceAsync(10 * DELTA_RETRY_MS);
    expect(sent).toHaveLength(4);
  });

  it.each([
    ["that asks for the library by itself", errorAnswer("need_snapshot", "1 is not known here", true)],
    ["that will never take it", errorAnswer("bad_request", "not a known request", false)],
  ])("tells nothing twice to a peer %s", async (_, refusal) => {
    const { push, clock, sent, publish, answer } = setting();
    push.greeted(other, snapshot(1, { a: 1 }));
    publish(2, {});
    answer(refusal);
    await clock.advanceAsync(10 * DELTA_RETRY_MS);
    expect(sent).toHaveLength(1);
    publish(3, { b: 1 });
    expect(sent[1]).toMatchObject({ delta: { from_rev: 2, to_rev: 3 } });
  });

  it("tries nothing again after the end, nor for a peer that has left", async () => {
    const { push, clock, publish, answer } = setting();
    push.greeted(other, snapshot(1, { a: 1 }));
    publish(2, {});
    answer(new Error("the stream was reset"));
    await eventually(() => clock.nextDue() !== null);
    push.stop();
    expect(clock.nextDue()).toBeNull();
  });

  it("does not count on the answer to a second hello, which may get lost", async () => {
    const { push, sent, publish, answer } = setting();
    push.greeted(other, snapshot(1, { a: 1 }));
    publish(2, { b: 1 });
    push.greeted(other, snapshot(2, { b: 1 }));
    answer();
    await eventually(() => sent.length === 2);
    expect(sent.map(({ delta }) => [delta.from_rev, delta.to_rev])).toEqual([
      [1, 2],
      [1, 2],
    ]);
  });

  it("tells nothing to a peer that has left", () => {
    const { push, sent, publish } = setting();
    push.greeted(other, snapshot(1, { a: 1 }));
    push.forget(other);
    publish(2, {});
    expect(sent).toEqual([]);
  });
});
