import { afterEach, beforeEach } from "vitest";
import { makePlace, type PeerPlace, type Place } from "./place.ts";
import { type OwnSignal, signalsItself } from "./signals-itself.ts";
import { startTestHarness, type TestHarness } from "./test-harness.ts";

/** The place of the test that runs now. */
export interface PlaceOfTest {
  readonly root: string;
  readonly party: string;
  peer(name: string): Promise<PeerPlace>;
  /** Starts the harness of a peer, which ends with the test. */
  begin(name: string, ...extra: string[]): Promise<TestHarness>;
  /** As {@link begin}, and waits until it is ready. */
  start(name: string, ...extra: string[]): Promise<TestHarness>;
  /** As {@link start}; it sends itself a signal at some moment. */
  startSignalling(name: string, own: OwnSignal): Promise<TestHarness>;
  /** Ends this one with the test, too. */
  keep(harness: TestHarness): TestHarness;
}

/** Makes a place before each test of the file, and behind each ends what was started in it and removes it. */
export function placeOfEachTest(): PlaceOfTest {
  let place: Place | undefined;
  const running: TestHarness[] = [];
  const now = (): Place => {
    if (place === undefined) throw new Error("there is a place in tests only");
    return place;
  };
  beforeEach(async () => {
    place = await makePlace();
  });
  afterEach(async () => {
    await Promise.all(running.splice(0).map((harness) => harness.close()));
    await now()[Symbol.asyncDispose]();
  });
  const keep = (harness: TestHarness): TestHarness => {
    running.push(harness);
    return harness;
  };
  const begin = async (name: string, ...extra: string[]): Promise<TestHarness> => {
    const { args } = await now().peer(name);
    return keep(startTestHarness([...args, ...extra]));
  };
  return {
    get root() {
      return now().root;
    },
    get party() {
      return now().party;
    },
    peer: (name) => now().peer(name),
    begin,
    async start(name, ...extra) {
      const harness = await begin(name, ...extra);
      await harness.event("local-peer-ready");
      return harness;
    },
    async startSignalling(name, own) {
      const { args } = await now().peer(name);
      const harness = keep(startTestHarness(args, { nodeArgs: signalsItself(own) }));
      await harness.event("local-peer-ready");
      return harness;
    },
    keep,
  };
}
