import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { layoutOf, NETWORKS, NETWORKS_OF_ONE_ASKER, simulatedPeer } from "../../../sim/download/networks.ts";
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

/** Rates between standstill and 100 MB/s that change at any time, and never stop for ever. */
const rates = fc
  .array(
    fc.record({ ms: fc.integer({ min: 50, max: 8_000 }), rate: fc.constantFrom(0, 1e5, 3e6, 2e7, 1e8) }),
    {
      minLength: 1,
      maxLength: 6,
    },
  )
  .map((parts) => {
    const round = [...parts, { ms: 500, rate: 5e6 }];
    const roundMs = round.reduce((sum, { ms }) => sum + ms, 0);
    return (timeMs: number): number => {
      let left = timeMs % roundMs;
      for (const { ms, rate } of round) {
        if (left < ms) return rate;
        left -= ms;
      }
      return 0;
    };
  });

/** Neither silent nor ever done: a byte a second. */
const trickle = fc.constant((): number => 1);

const sources = fc
  .array(
    fc.record({
      rateAt: fc.oneof({ weight: 4, arbitrary: rates }, trickle),
      latencyMs: fc.integer({ min: 0, max: 300 }),
      joinsAtMs: fc.constantFrom(0, 0, 700, 6_000),
      leavesAtMs: fc.option(fc.integer({ min: 1_000, max: 30_000 }), { nil: undefined }),
      failures: fc.constantFrom(0, 0, 0.1, 0.5),
      wrong: fc.constantFrom(0, 0, 0.1, 1),
    }),
    { maxLength: 6 },
  )
  .map((all) =>
    all.map(({ leavesAtMs, ...rest }, index): SimulatedSource => {
      const source = { peerId: simulatedPeer(index + 2), ...rest };
      return leavesAtMs === undefined ? source : { ...source, leavesAtMs };
    }),
  );

const sizes = fc.array(fc.oneof(fc.nat(200 * KIB), fc.nat(30 * MIB), fc.constant(0)), {
  minLength: 1,
  maxLength: 30,
});

describe("whatever the sources do", () => {
  it("every piece is done once, none is lost, and nothing hangs as long as one honest source stays", () => {
    fc.assert(
      fc.property(
        sizes,
        sources,
        rates,
        fc.boolean(),
        fc.infiniteStream(fc.double({ min: 0, max: 0.999, noNaN: true })),
        (...all) => {
          const [lengths, others, rateAt, exclusive, stream] = all;
          const honest: SimulatedSource = { peerId: simulatedPeer(1), rateAt, latencyMs: 10 };
          const layout = layoutOf(lengths);
          const result = simulate({
            layout,
            sources: [honest, ...others],
            exclusive,
            random: () => stream.next().value ?? 0,
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
      fc.property(
        sources,
        fc.infiniteStream(fc.double({ min: 0, max: 0.999, noNaN: true })),
        (others, stream) => {
          const layout = layoutOf([300 * MIB]);
          const honest: SimulatedSource = { peerId: simulatedPeer(1), rateAt: () => 2e7, latencyMs: 10 };
          const random = (): number => stream.next().value ?? 0;
          const alone = simulate({ layout, sources: [honest], random });
          const harmless = others.map((source) => ({ ...source, wrong: 0 }));
          const together = simulate({ layout, sources: [honest, ...harmless], random });
          expect(together.elapsedMs).toBeLessThanOrEqual(alone.elapsedMs * 1.1 + 2 * STALL_MS);
        },
      ),
      { numRuns: 100 },
    );
  });
});
