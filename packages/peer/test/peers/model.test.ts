import { createRandom } from "@lanspread/testkit";
import fc from "fast-check";
import { afterEach, describe, expect, it, vi } from "vitest";
import type { Change, Happening, Weather } from "./model-happenings.ts";
import { World } from "./model-world.ts";
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
const changes = fc.array(change, { minLength: 1, maxLength: 4 });
const changing: fc.Arbitrary<Happening> = fc.record({ do: fc.constant("change"), peer, changes });
/** Nobody comes or goes. */
const stirring: fc.Arbitrary<Happening> = fc.oneof(
  { weight: 5, arbitrary: changing },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("flood"), peer, to: peer, changes }) },
);
const happening: fc.Arbitrary<Happening> = fc.oneof(
  { weight: 10, arbitrary: changing },
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
  // More often not: announcements heal what changes alone must get right.
  announced: fc.constantFrom(true, false, false),
});
/** What happens, and for how long nothing else does. */
type Evening = readonly (readonly [Happening, number])[];

function evening(of: fc.Arbitrary<Happening>): fc.Arbitrary<Evening> {
  return fc.array(fc.tuple(of, fc.constantFrom(0, 5, 300, 3_000, 20_000)), { minLength: 10, maxLength: 40 });
}

/** More of them: `MODEL_RUNS=2000 vitest run test/peers/model.test.ts` */
const RUNS = Number(process.env["MODEL_RUNS"] ?? 60);

/** Also ends the search for a smaller example, so that a failure is told before the test is over. */
const ENOUGH_MS = 750 * RUNS;
vi.setConfig({ testTimeout: ENOUGH_MS + 30_000 });

/** Lets a party that knows each other live through an evening, and looks at it when it has come to rest. */
async function play(world: World, weather: Weather, happenings: Evening): Promise<void> {
  vi.spyOn(Math, "random").mockImplementation(createRandom(weather.seed));
  for (let index = 0; index < PEERS; index++) await world.happen({ do: "start", peer: index });
  for (let index = 0; index < PEERS; index++) {
    await world.happen({ do: "connect", peer: index, to: (index + 1) % PEERS });
  }
  await world.clock.advanceAsync(5_000);
  world.begin();
  for (const [what, pauseMs] of happenings) {
    await world.happen(what);
    await world.clock.advanceAsync(pauseMs);
  }
  const stillSaid = await world.rest();
  for (const { shown, truth } of world.views()) expect(shown).toEqual(truth);
  expect(world.faults).toEqual([]);
  expect(stillSaid).toEqual([]);
}

/** Holds for every evening; afterwards, what was said in all of them, by type. */
async function holds(
  evenings: fc.Arbitrary<Evening>,
  weathers: fc.Arbitrary<Weather>,
  alsoHolds: (world: World, happenings: Evening) => void = () => {},
): Promise<ReadonlyMap<string, number>> {
  const identities = await makeIdentities(PEERS);
  const said = new Map<string, number>();
  const property = fc.asyncProperty(weathers, evenings, async (given, happenings) => {
    const world = new World(identities, given);
    try {
      await play(world, given, happenings);
      alsoHolds(world, happenings);
    } finally {
      await world.stop();
    }
    for (const type of world.requests) said.set(type, (said.get(type) ?? 0) + 1);
  });
  await fc.assert(property, { numRuns: RUNS, interruptAfterTimeLimit: ENOUGH_MS });
  return said;
}

afterEach(() => vi.restoreAllMocks());

describe("a party on a wire that loses, doubles, delays and reorders", () => {
  it("shows at rest what is everywhere, went back to nothing on the way, and is silent then", async () => {
    const said = await holds(evening(happening), weather);
    // Who says nothing is always right.
    for (const type of ["hello", "library_delta", "list_games", "ping", "goodbye"]) {
      expect([type, (said.get(type) ?? 0) > RUNS / 10]).toEqual([type, true]);
    }
  });

  it("needs nothing but its changes for that: no announcements, no new hellos", async () => {
    const said = await holds(
      evening(stirring),
      weather.map((given) => ({ ...given, announced: false })),
    );
    expect(said.get("library_delta")).toBeGreaterThan(RUNS);
  });
});

describe("a party on a wire that only takes its time", () => {
  it("tells each change once to each peer, several at once as one, and asks for no library", async () => {
    const calm = { lost: 0, doubled: 0 };
    const mild = fc.oneof(
      weather.map((given) => ({ ...given, ...calm, announced: false })),
      // Announcements that overtake each other are asked about.
      weather.map((given) => ({ ...given, ...calm, announced: true, slowest: 1 })),
    );
    await holds(evening(changing), mild, (world, happenings) => {
      const told = world.requests.filter((type) => type === "library_delta").length;
      expect(told).toBeLessThanOrEqual(2 * happenings.length * (PEERS - 1));
      expect(world.requests.filter((type) => type === "list_games")).toEqual([]);
    });
  });
});
