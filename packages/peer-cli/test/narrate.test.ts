import { asGameId, asPeerId, type ListedPeer, type RuntimeEvent } from "@lanspread/proto";
import { describe, expect, it } from "vitest";
import { createNarrator } from "../src/report/narrate.ts";

const peerId = asPeerId("6fa459ea-ee8a-8ca4-894e-db77e160355e");
const attic: ListedPeer = { peerId, name: "attic", addr: "192.168.1.20:4711", libraryRev: 3, gameCount: 1 };
const lost: RuntimeEvent = { type: "peer-lost", peerId, reason: "goodbye" };

describe("the narrator", () => {
  it("calls who leaves by the name under which they came, or by their latest", () => {
    const narrate = createNarrator();
    expect(narrate({ type: "peer-discovered", ...attic })).toBe("attic is here (192.168.1.20:4711), 1 game");
    expect(narrate({ type: "peer-updated", ...attic, name: "loft" })).toBeUndefined();
    expect(narrate(lost)).toBe("loft is gone: goodbye");
    expect(createNarrator([attic])(lost)).toBe("attic is gone: goodbye");
    expect(createNarrator()(lost)).toBe(`peer ${peerId} is gone: goodbye`);
  });

  it("names the address of a peer that does not fit once", () => {
    const addr = "192.168.1.20:4711";
    const tell = (reason: string): string | undefined =>
      createNarrator()({ type: "peer-incompatible", peerId: null, addr, reason });
    expect(tell("its protocol is version 4")).toBe(`${addr} is there, but its protocol is version 4`);
    expect(tell(`${addr}: no certificate`)).toBe(`${addr} is there, but no certificate`);
  });

  it("tells how a removal ended", () => {
    const narrate = createNarrator();
    const gameId = asGameId("quake3");
    const finished = { type: "remove-finished", gameId, files: 3, bytes: 1024 } as const;
    expect(narrate({ ...finished, left: 0 })).toBe("quake3: removed, 3 files, 1.0 KiB");
    expect(narrate({ ...finished, left: 1 })).toBe(
      "quake3: removed, 3 files, 1.0 KiB; 1 left for the next start",
    );
    expect(
      narrate({ type: "remove-failed", gameId, code: "already-installed", message: "local is there" }),
    ).toBe("quake3: local is there (already-installed)");
    const failed = { type: "install-failed", gameId, code: "disk-full", message: "/srv is full" } as const;
    expect(narrate({ ...failed, hint: "Free 2 GiB." })).toBe("quake3: /srv is full (disk-full). Free 2 GiB.");
    const alone = {
      type: "no-peers-have-game",
      gameId,
      message: "No peer has quake3.",
      hint: "Wait.",
    } as const;
    expect(narrate(alone)).toBe("quake3: No peer has quake3. Wait.");
  });

  it("tells the number of shared games once until it changes", () => {
    const narrate = createNarrator();
    const changed = (libraryRev: number): RuntimeEvent => ({
      type: "local-library-changed",
      libraryRev,
      games: [],
      warnings: [],
    });
    expect(narrate(changed(1))).toBe("sharing 0 games");
    expect(narrate(changed(2))).toBeUndefined();
    expect(narrate({ type: "download-cancelled", gameId: asGameId("quake3") })).toBe("quake3: cancelled");
    expect(narrate(changed(3))).toBe("sharing 0 games");
  });
});
