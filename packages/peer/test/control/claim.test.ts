import { temporaryDirectory } from "@lanspread/testkit";
import { describe, expect, it } from "vitest";
import { claimStateDir } from "../../src/control/claim.ts";
import { startPeer } from "../../src/index.ts";

const ALONE = { listen: "127.0.0.1:0", interfaces: ["127.0.0.1"], discovery: null, lanes: 0 } as const;

describe("a state directory that is claimed", () => {
  it("is nobody else's, and goes over to the peer that is started with the claim", async () => {
    await using dir = await temporaryDirectory();
    const options = { ...ALONE, gamesDir: dir.join("games"), stateDir: dir.join("state") };
    const { stateDir } = options;
    const claim = await claimStateDir({ stateDir, name: "Ada" });
    await expect(claimStateDir({ stateDir })).rejects.toThrow("Ada");
    await expect(startPeer(options)).rejects.toMatchObject({ code: "state-locked" });
    const peer = await startPeer({ ...options, claim });
    await expect(claimStateDir({ stateDir })).rejects.toMatchObject({ code: "state-locked" });
    await peer.stop();
    const next = await claimStateDir({ stateDir });
    // Who gave it away gives nobody else's away.
    await claim[Symbol.asyncDispose]();
    await expect(claimStateDir({ stateDir })).rejects.toMatchObject({ code: "state-locked" });
    await next[Symbol.asyncDispose]();
  });

  it("is free again where the peer cannot be started", async () => {
    await using dir = await temporaryDirectory();
    const stateDir = dir.join("state");
    const claim = await claimStateDir({ stateDir });
    const start = startPeer({ ...ALONE, gamesDir: dir.join("games"), stateDir, name: "\n", claim });
    await expect(start).rejects.toMatchObject({ code: "bad-request" });
    await using again = await claimStateDir({ stateDir });
    expect(again).toBeDefined();
  });
});
