import { describe, expect, it } from "vitest";
import { MAX_BUSY_IN_ROW, MAX_FAILURES_IN_ROW } from "../../src/download/constants.ts";
import { createSourceState, noteUnitFailure, type SourceState } from "../../src/download/source-states.ts";
import { SourceError } from "../../src/transfer/index.ts";
import { peer } from "./support.ts";

const RESET = new Error("stream was reset");

function sourceState(): SourceState {
  const unused = async (): Promise<never> => {
    throw RESET;
  };
  return createSourceState({ peerId: peer(1), channel: { request: unused, requestData: unused } });
}

/** Asks the source for units with these numbers, and lets all of them fail. */
function failTogether(state: SourceState, ...ids: number[]): void {
  state.lastAsked = Math.max(...ids);
  for (const id of ids) noteUnitFailure(state, id, RESET);
}

describe("a source whose units fail", () => {
  it("has failed once where they were under way together, and is out after some failures in a row", () => {
    const state = sourceState();
    failTogether(state, 1, 2, 3, 4, 5, 6);
    expect(state).toMatchObject({ failures: 1, out: null });
    for (let failure = 2; failure < MAX_FAILURES_IN_ROW; failure++) failTogether(state, 10 * failure);
    expect(state.out).toBeNull();
    failTogether(state, 1_000, 1_001);
    expect(state.out).not.toBeNull();
  });

  it("is asked again for some ten minutes while it says that it is busy, and out then, though it is there", () => {
    const state = sourceState();
    const busy = new SourceError("busy", "later", true);
    let pausedMs = 0;
    for (let id = 1; state.out === null && id <= 2 * MAX_BUSY_IN_ROW; id++) {
      state.lastAsked = id;
      pausedMs += noteUnitFailure(state, id, busy);
    }
    expect(state.out).toMatchObject({ struck: false, there: true });
    expect(pausedMs).toBeGreaterThan(8 * 60_000);
    expect(pausedMs).toBeLessThan(11 * 60_000);
  });
});
