import { asGameId, asPeerId, type OutboundRate } from "@lanspread/proto";
import { createVirtualClock } from "@lanspread/testkit";
import { describe, expect, it } from "vitest";
import { OutboundProgress } from "../../src/runtime/outbound-progress.ts";
import { SendingRates } from "../../src/runtime/sending-rates.ts";

const [ADA, BOB] = ["a", "b"].map((end) => asPeerId(`00000000-0000-8000-8000-00000000000${end}`)) as [
  ReturnType<typeof asPeerId>,
  ReturnType<typeof asPeerId>,
];
const [DOOM, QUAKE] = [asGameId("doom"), asGameId("quake")];

describe("rates of what is sent", () => {
  it("are those of the last three samples, by game and receiver", () => {
    const rates = new SendingRates(0);
    rates.add({ peerId: BOB, gameId: QUAKE, bytes: 100 });
    rates.add({ peerId: ADA, gameId: QUAKE, bytes: 1_000 });
    rates.add({ peerId: ADA, gameId: QUAKE, bytes: 500 });
    rates.add({ peerId: ADA, gameId: DOOM, bytes: 10 });
    expect(rates.sample(1_000)).toEqual([
      { peerId: ADA, gameId: DOOM, bytesPerSecond: 10 },
      { peerId: ADA, gameId: QUAKE, bytesPerSecond: 1_500 },
      { peerId: BOB, gameId: QUAKE, bytesPerSecond: 100 },
    ]);
    rates.add({ peerId: ADA, gameId: QUAKE, bytes: 3_000 });
    const rateOfAda = (all: readonly OutboundRate[]) => all.find(({ gameId }) => gameId === QUAKE);
    expect(rateOfAda(rates.sample(3_000))).toEqual({ peerId: ADA, gameId: QUAKE, bytesPerSecond: 1_500 });
    expect(rateOfAda(rates.sample(4_000))).toEqual({ peerId: ADA, gameId: QUAKE, bytesPerSecond: 1_125 });
    // What came first is no part of it any more.
    expect(rateOfAda(rates.sample(5_000))).toEqual({ peerId: ADA, gameId: QUAKE, bytesPerSecond: 750 });
  });

  it("of one that came later are taken over the time since then", () => {
    const rates = new SendingRates(0);
    rates.add({ peerId: ADA, gameId: DOOM, bytes: 10 });
    rates.sample(1_000);
    rates.add({ peerId: BOB, gameId: DOOM, bytes: 500 });
    expect(rates.sample(2_000)).toContainEqual({ peerId: BOB, gameId: DOOM, bytesPerSecond: 500 });
  });

  it("end where nothing was sent for so long, and begin anew", () => {
    const rates = new SendingRates(0);
    rates.add({ peerId: ADA, gameId: DOOM, bytes: 9 });
    const lengths = [1_000, 2_000, 3_000, 4_000, 5_000].map((now) => rates.sample(now).length);
    expect(lengths).toEqual([1, 1, 1, 0, 0]);
    rates.begin(60_000);
    rates.add({ peerId: ADA, gameId: DOOM, bytes: 7 });
    expect(rates.sample(61_000)).toEqual([{ peerId: ADA, gameId: DOOM, bytesPerSecond: 7 }]);
  });
});

describe("reports of what is sent", () => {
  it("come once a second while anything is sent, once more behind that, and never else", () => {
    const clock = createVirtualClock();
    const told: (readonly OutboundRate[])[] = [];
    const progress = new OutboundProgress({ clock, onRates: (rates) => told.push(rates) });
    clock.advance(10_000);
    expect(told).toEqual([]);
    for (let step = 0; step < 20; step += 1) {
      progress.sent({ peerId: ADA, gameId: DOOM, bytes: 100 });
      clock.advance(100);
    }
    expect(told).toHaveLength(2);
    expect(told[1]).toEqual([{ peerId: ADA, gameId: DOOM, bytesPerSecond: 1_000 }]);
    expect(progress.rates).toBe(told[1]);
    clock.advance(60_000);
    expect(told.map(({ length }) => length)).toEqual([1, 1, 1, 1, 0]);
    progress.sent({ peerId: ADA, gameId: DOOM, bytes: 100 });
    progress[Symbol.dispose]();
    clock.advance(60_000);
    expect(told).toHaveLength(5);
  });
});
