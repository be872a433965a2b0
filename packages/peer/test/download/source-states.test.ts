import { describe, expect, it } from "vitest";
import {
  MAX_BUSY_IN_ROW,
  MAX_FAILURES_IN_ROW,
  MAX_OUT_REMEMBERED,
  MAX_STRIKES,
  RETRY_PAUSE_MS,
} from "../../src/download/constants.ts";
import {
  createSourceState,
  noteBytes,
  noteUnitFailure,
  type SourceState,
  SourceStates,
  strike,
} from "../../src/download/source-states.ts";
import type { DownloadSource } from "../../src/download/types.ts";
import { SourceError } from "../../src/transfer/index.ts";
import { peer } from "./support.ts";

const RESET = new Error("stream was reset");

function sourceOf(number: number): DownloadSource {
  const unused = async (): Promise<never> => {
    throw RESET;
  };
  return { peerId: peer(number), channel: { request: unused, requestData: unused } };
}

function sourceState(): SourceState {
  return createSourceState(sourceOf(1));
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

  it("has said once that it is busy where the units were under way together, and never where bytes came since", () => {
    const state = sourceState();
    const busy = new SourceError("busy", "later", true);
    const ids = Array.from({ length: 2 * MAX_BUSY_IN_ROW }, (_, index) => index + 1);
    state.lastAsked = Math.max(...ids);
    for (const id of ids) noteUnitFailure(state, id, busy);
    expect(state).toMatchObject({ busy: 1, out: null });
    for (const id of ids) {
      state.lastAsked += 1;
      noteBytes(state);
      expect(noteUnitFailure(state, state.lastAsked, busy), `after bytes, ${id}`).toBe(RETRY_PAUSE_MS);
    }
    expect(state.out).toBeNull();
  });
});

describe("the sources of a download", () => {
  /** It comes, fails until it is out, and is gone. */
  function comeAndGo(
    states: SourceStates,
    number: number,
    before: (state: SourceState) => void = () => {},
  ): void {
    states.join(sourceOf(number));
    const state = states.get(peer(number));
    if (state === undefined) throw new Error("it did not join");
    before(state);
    for (let id = 1; state.out === null; id++) failTogether(state, id);
    states.wentOut(state);
  }

  it("are remembered when they are out, up to a number, and those for longest that sent something right or wrong", () => {
    const states = new SourceStates();
    states.join(sourceOf(0));
    comeAndGo(states, 1, (state) => {
      state.verifiedBytes = 1;
    });
    comeAndGo(states, 2, (state) => {
      for (let times = 0; times < MAX_STRIKES; times++) strike(state, "wrong");
    });
    for (let number = 3; number < MAX_OUT_REMEMBERED + 10; number++) comeAndGo(states, number);
    expect(states.all()).toHaveLength(MAX_OUT_REMEMBERED + 1);
    expect(states.areAllOut).toBe(false);
    for (const number of [0, 1, 2]) expect(states.get(peer(number))).toBeDefined();
    expect(states.get(peer(3))).toBeUndefined();
  });

  it("are so few, however many have sent something and left", () => {
    const states = new SourceStates();
    for (let number = 0; number < MAX_OUT_REMEMBERED + 10; number++) {
      comeAndGo(states, number, (state) => {
        state.verifiedBytes = 1;
      });
    }
    expect(states.all()).toHaveLength(MAX_OUT_REMEMBERED);
  });

  it("are all out until one of them is back", () => {
    const states = new SourceStates();
    comeAndGo(states, 1);
    expect(states.areAllOut).toBe(true);
    expect(states.join(sourceOf(1))).toBe(false);
    expect(states.join(sourceOf(1), true)).toBe(true);
    expect(states.areAllOut).toBe(false);
    expect(states.join(sourceOf(1), true)).toBe(false);
  });
});
