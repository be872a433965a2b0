import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { layoutOf, NETWORKS, NETWORKS_OF_ONE_ASKER, simulatedPeer } from "../../../sim/download/networks.ts";
import { randomFrom } from "../../../sim/download/random.ts";
import { type SimulatedSource, simulate } from "../../../sim/download/simulator.ts";
import { STALL_MS } from "../../../src/download/plan/constants.ts";

const KIB = 1024;
const MIB = 1024 * KIB;

/** What a game of few pieces may lose on top while nothing is known of its sources, milliseconds. */
const UNKNOWN_MS = 50;

describe("a download takes at most a tenth longer than the best its sources allow", () => {
  const networks = [...NETWORKS, ...NETWORKS_OF_ONE_ASKER];
  it.each(networks.map((network) => [network.name, network] as const))("%s", (_, network) => {
    const result = simulate({ ...network, random: () => 0.37 });
    expect(result).toMatchObject({ finished: true, lost: 0 });
    expect(result.elapsedMs).toBeLessThanOrEqual(result.idealMs * 1.1);
  });

  it("whatever the rates of the sources, if they stay as they are, also where no piece is asked of two", () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom(0, 0.2, 1, 3, 5, 10, 20, 50, 100, 300), { minLength: 1, maxLength: 5 }),
        fc.integer({ min: 1, max: 300 }),
        fc.integer({ min: 64, max: 1024 }),
        fc.boolean(),
        fc.double({ min: 0, max: 0.999, noNaN: true }),
        (others, fastest, mib, exclusive, random) => {
          const all = [fastest, ...others].map(
            (rate, index): SimulatedSource => ({
              peerId: simulatedPeer(index + 1),
              rateAt: () => rate * 1e6,
              latencyMs: 5,
            }),
          );
          const result = simulate({
            layout: layoutOf([mib * MIB]),
            sources: all,
            exclusive,
            random: () => random,
          });
          expect(result).toMatchObject({ finished: true, lost: 0 });
          expect(result.elapsedMs).toBeLessThanOrEqual(result.idealMs * 1.1 + UNKNOWN_MS);
        },
      ),
      { numRuns: 300 },
    );
  });
});

/** How long a source sends at which rate, milliseconds and bytes per second, again and again from the beginning. */
type Rates = readonly { readonly ms: number; readonly rate: number }[];

/** Rates between standstill and 100 MB/s that change at any time, and never stop for ever. */
const rates: fc.Arbitrary<Rates> = fc
  .array(
    fc.record({ ms: fc.integer({ min: 50, max: 8_000 }), rate: fc.constantFrom(0, 1e5, 3e6, 2e7, 1e8) }),
    { minLength: 1, maxLength: 6 },
  )
  .map((parts) => [...parts, { ms: 500, rate: 5e6 }]);

/** Neither silent nor ever done: a byte a second. */
const trickle: fc.Arbitrary<Rates> = fc.constant([{ ms: 1_000, rate: 1 }]);

function rateOf(parts: Rates): (timeMs: number) => number {
  const roundMs = parts.reduce((sum, { ms }) => sum + ms, 0);
  return (timeMs) => {
    let left = timeMs % roundMs;
    for (const { ms, rate } of parts) {
      if (left < ms) return rate;
      left -= ms;
    }
    return 0;
  };
}

const others = fc.array(
  fc.record(
    {
      rates: fc.oneof({ weight: 4, arbitrary: rates }, trickle),
      latencyMs: fc.integer({ min: 0, max: 300 }),
      joinsAtMs: fc.constantFrom(0, 0, 700, 6_000),
      leavesAtMs: fc.integer({ min: 1_000, max: 30_000 }),
      failures: fc.constantFrom(0, 0, 0.1, 0.5, 1),
      wrong: fc.constantFrom(0, 0, 0.1, 1),
    },
    { requiredKeys: ["rates", "latencyMs", "joinsAtMs", "failures", "wrong"] },
  ),
  { maxLength: 6 },
);

type Other = typeof others extends fc.Arbitrary<(infer Each)[]> ? Each : never;

function simulated(all: readonly Other[]): SimulatedSource[] {
  return all.map(({ rates: parts, ...rest }, index) => ({
    peerId: simulatedPeer(index + 2),
    rateAt: rateOf(parts),
    ...rest,
  }));
}

/** What the generator of chances begins with; null where whatever can go wrong does. */
const chances = fc.option(fc.nat(), { freq: 3 });

function randomOf(chance: number | null): () => number {
  return chance === null ? () => 0 : randomFrom(chance);
}

const sizes = fc.array(fc.oneof(fc.nat(200 * KIB), fc.nat(30 * MIB), fc.constant(0)), {
  minLength: 1,
  maxLength: 30,
});

/**
 * The longest that a download may take whose only honest source would take so long alone, milliseconds: it takes turns with all others, and
 * they grow until they are long enough for it.
 */
function boundMs(aloneMs: number): number {
  return 2 * aloneMs + 600_000;
}

describe("whatever the sources do", () => {
  it("every piece is done once, none is lost, and nothing hangs as long as one honest source stays", () => {
    fc.assert(
      fc.property(
        sizes,
        others,
        rates,
        fc.boolean(),
        chances,
        (lengths, all, ownRates, exclusive, chance) => {
          const honest: SimulatedSource = {
            peerId: simulatedPeer(1),
            rateAt: rateOf(ownRates),
            latencyMs: 10,
          };
          const layout = layoutOf(lengths);
          const alone = simulate({ layout, sources: [honest], exclusive, random: () => 0 });
          const result = simulate({
            layout,
            sources: [honest, ...simulated(all)],
            exclusive,
            random: randomOf(chance),
            giveUpAfterMs: boundMs(alone.elapsedMs),
          });
          expect(result).toMatchObject({ finished: true, lost: 0 });
          const counted = [...result.bytesBySource.values()].reduce((sum, bytes) => sum + bytes, 0);
          expect(counted).toBe(layout.totalBytes);
        },
      ),
      { numRuns: 200 },
    );
  });

  it("an honest source is never needed for longer than it alone would take, but for a stall or two", () => {
    fc.assert(
      fc.property(others, chances, (all, chance) => {
        const layout = layoutOf([300 * MIB]);
        const honest: SimulatedSource = { peerId: simulatedPeer(1), rateAt: () => 2e7, latencyMs: 10 };
        const random = randomOf(chance);
        const alone = simulate({ layout, sources: [honest], random });
        const harmless = simulated(all).map((source) => ({ ...source, wrong: 0 }));
        const together = simulate({ layout, sources: [honest, ...harmless], random });
        expect(together.elapsedMs).toBeLessThanOrEqual(alone.elapsedMs * 1.1 + 2 * STALL_MS);
      }),
      { numRuns: 100 },
    );
  });
});
