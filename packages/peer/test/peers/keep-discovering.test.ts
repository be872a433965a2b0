import { PROTOCOL_VERSION } from "@lanspread/proto";
import { createVirtualClock } from "@lanspread/testkit";
import { describe, expect, it } from "vitest";
import { PeerError } from "../../src/errors/index.ts";
import { silentLogger } from "../../src/logger.ts";
import type { Discovery, DiscoveryOptions } from "../../src/peers/index.ts";
import { keepDiscovering } from "../../src/peers/keep-discovering.ts";
import { makeIdentity } from "./support.ts";

describe("keepDiscovering", () => {
  async function rig(failures: number) {
    const { peerId } = await makeIdentity();
    const clock = createVirtualClock();
    const starts: { at: number; libraryRev: number }[] = [];
    const updates: number[] = [];
    let stops = 0;
    const options: DiscoveryOptions = {
      self: { peer_id: peerId, proto_ver: PROTOCOL_VERSION, library_rev: 1, party: "test", name: "test" },
      listen: { host: "127.0.0.1", port: 4_000 },
      logger: silentLogger,
      onSeen: () => {},
      onGone: () => {},
    };
    const discovery = keepDiscovering(
      ({ self }): Discovery => {
        starts.push({ at: clock.now(), libraryRev: self.library_rev });
        if (starts.length <= failures) throw new PeerError("no-network-interface", "no network yet");
        return {
          update: (revision) => updates.push(revision),
          problem: () => null,
          stop: async () => {
            stops += 1;
          },
        };
      },
      options,
      clock,
    );
    return { clock, discovery, starts, updates, stops: () => stops };
  }
  const soon = { signal: AbortSignal.timeout(10_000) };

  it("starts again every 5 s while it cannot be started, with the revision of that moment", async () => {
    const { clock, discovery, starts, updates, stops } = await rig(2);
    expect(discovery.problem()).toMatchObject({ code: "no-network-interface" });
    discovery.update(2);
    clock.advance(60_000);
    expect(starts).toEqual([
      { at: 0, libraryRev: 1 },
      { at: 5_000, libraryRev: 2 },
      { at: 10_000, libraryRev: 2 },
    ]);
    expect(discovery.problem()).toBeNull();
    discovery.update(3);
    expect(updates).toEqual([3]);
    await discovery.stop(soon);
    expect(stops()).toBe(1);
  });

  it("does not start again after it was stopped", async () => {
    const { clock, discovery, starts } = await rig(100);
    await discovery.stop(soon);
    clock.advance(60_000);
    expect(starts).toHaveLength(1);
    expect(clock.pending).toBe(0);
  });
});
