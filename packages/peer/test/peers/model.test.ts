import { createRandom } from "@lanspread/testkit";
import fc from "fast-check";
import { afterEach, describe, expect, it, vi } from "vitest";
import { type Change, type Happening, type Weather, World } from "./model-world.ts";
import { makeIdentities } from "./support.ts";

const PEERS = 3;

const peer = fc.nat({ max: PEERS - 1 });
const change: fc.Arbitrary<Change> = fc.record({
  game: fc.nat({ max: 5 }),
  to: fc.constantFrom("gone", "busy", "ready", "ready"),
  version: fc.integer({ min: 1, max: 3 }),
  size: fc.integer({ min: 1, max: 3 }),
  installed: fc.boolean(),
});
const happening: fc.Arbitrary<Happening> = fc.oneof(
  {
    weight: 10,
    arbitrary: fc.record({
      do: fc.constant("change"),
      peer,
      changes: fc.array(change, { minLength: 1, maxLength: 4 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("start"), peer }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("leave"), peer }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("crash"), peer }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant("restart"),
      peer,
      losesState: fc.boolean(),
      samePort: fc.boolean(),
    }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("connect"), peer, to: peer }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("cut"), peer, to: peer, told: fc.boolean() }) },
);
const weather: fc.Arbitrary<Weather> = fc.record({
  seed: fc.nat(),
  lost: fc.constantFrom(0, 0.1, 0.4),
  doubled: fc.constantFrom(0, 0.3),
  slowest: fc.constantFrom(10, 500, 5_000),
  announced: fc.boolean(),
});
const evening = fc.array(fc.tuple(happening, fc.constantFrom(0, 5, 300, 3_000, 20_000)), {
  minLength: 10,
  maxLength: 40,
});

/** More of them: `MODEL_RUNS=2000 vitest run test/peers/model.test.ts` */
const RUNS = Number(process.env["MODEL_RUNS"] ?? 60);

afterEach(() => vi.restoreAllMocks());

describe("a party on a wire that loses, doubles, delays and reorders", () => {
  it("shows at rest what is everywhere, went back to nothing on the way, and is silent then", async () => {
    const identities = await makeIdentities(PEERS);
    const said = new Map<string, number>();
    const property = fc.asyncProperty(weather, evening, async (given, happenings) => {
      vi.spyOn(Math, "random").mockImplementation(createRandom(given.seed));
      const world = new World(identities, given);
      try {
        for (let index = 0; index < PEERS; index++) await world.happen({ do: "start", peer: index });
        for (let index = 0; index < PEERS; index++) {
          if (!given.announced) await world.happen({ do: "connect", peer: index, to: (index + 1) % PEERS });
        }
        await world.clock.advanceAsync(1_000);
        for (const [what, pauseMs] of happenings) {
          await world.happen(what);
          await world.clock.advanceAsync(pauseMs);
        }
        const stillSaid = await world.rest();
        for (const { shown, truth } of world.views()) expect(shown).toEqual(truth);
        expect(world.faults).toEqual([]);
        expect(stillSaid).toEqual([]);
        for (const type of world.requests) said.set(type, (said.get(type) ?? 0) + 1);
      } finally {
        await world.stop();
      }
    });
    await fc.assert(property, { numRuns: RUNS });
    // What a party says: who says nothing is always right.
    for (const type of ["hello", "library_delta", "list_games", "ping", "goodbye"]) {
      expect([type, said.get(type) ?? 0]).toEqual([
        type,
        expect.toSatisfy((count: number) => count > RUNS / 10),
      ]);
    }
  });
});
