import { asGameId } from "@lanspread/proto";
import { describe, expect, it } from "vitest";
import { withLanes } from "../../src/runtime/lanes.ts";
import { createOutboundTransfers, type OutboundTransfer } from "../../src/transfer/index.ts";

const [OWN, BOTH, LANES] = ["own", "both", "lanes"].map(asGameId) as [
  ReturnType<typeof asGameId>,
  ReturnType<typeof asGameId>,
  ReturnType<typeof asGameId>,
];

/** Serves until it is cancelled. */
function waiting({ signal }: OutboundTransfer): Promise<void> {
  return new Promise((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
}

/** The transfers of this thread beside those of another one, which can be taken back as those of lanes are. */
function createBoth() {
  const [own, others] = [createOutboundTransfers(), createOutboundTransfers()];
  const both = withLanes(own, {
    revoke: async (gameId) => await others.cancel(gameId),
    revokeAll: () => others.cancelAll(),
    counts: () => others.counts(),
  });
  const running = [own.run(OWN, waiting), own.run(BOTH, waiting)];
  running.push(...[BOTH, BOTH, LANES].map((gameId) => others.run(gameId, waiting)));
  return { both, ended: Promise.all(running) };
}

describe("what this thread and the lanes send", () => {
  it("is counted together, a game that both send too", async () => {
    const { both, ended } = createBoth();
    expect(both.counts()).toEqual({ own: 1, both: 3, lanes: 1 });
    await both.cancel(BOTH);
    expect(both.counts()).toEqual({ own: 1, lanes: 1 });
    await both.cancelAll();
    expect(both.counts()).toEqual({});
    await ended;
  });
});
