import { describe, expect, test } from "vitest";
import { Admission } from "../src/core/admission.ts";
import { HALF_OPEN_BEFORE_RETRY, MAX_HALF_OPEN } from "../src/core/constants.ts";

/** Longer than any budget needs to be full again: what is refused in these tests is refused for another reason. */
const LATER_MS = 60_000;

/** An endpoint with handshakes under way, each from an address of its own. */
function withHalfOpen(count: number, retry: "always" | "never" | "under-load"): Admission {
  const admission = new Admission({ maxConnectionsPerAddress: 64, maxInboundConnections: 1_024, retry });
  for (let index = 0; index < count; index++) admission.opened(`host-${index}`);
  return admission;
}

describe("unfinished handshakes", () => {
  test.each(["always", "never", "under-load"] as const)("are bounded with retry %s", (retry) => {
    expect(withHalfOpen(MAX_HALF_OPEN - 1, retry).decide("newcomer", true, LATER_MS)).toBe("accept");
    const full = withHalfOpen(MAX_HALF_OPEN, retry);
    expect(full.decide("newcomer", true, LATER_MS)).toBe("drop");
    full.established();
    expect(full.decide("newcomer", true, LATER_MS)).toBe("accept");
  });

  test("are bounded for who proved nothing, too", () => {
    expect(withHalfOpen(MAX_HALF_OPEN, "never").decide("newcomer", false, LATER_MS)).toBe("drop");
    expect(withHalfOpen(MAX_HALF_OPEN, "under-load").decide("newcomer", false, LATER_MS)).toBe("retry");
  });

  test("make room when they fail", () => {
    const full = withHalfOpen(MAX_HALF_OPEN, "never");
    full.closed("host-0", false);
    expect(full.halfOpen).toBe(MAX_HALF_OPEN - 1);
    expect(full.decide("newcomer", false, LATER_MS)).toBe("accept");
  });

  test("have newcomers prove their address long before", () => {
    expect(withHalfOpen(HALF_OPEN_BEFORE_RETRY - 1, "under-load").decide("newcomer", false, LATER_MS)).toBe(
      "accept",
    );
    const loaded = withHalfOpen(HALF_OPEN_BEFORE_RETRY, "under-load");
    expect(loaded.decide("newcomer", false, LATER_MS)).toBe("retry");
    expect(loaded.decide("newcomer", true, LATER_MS)).toBe("accept");
  });
});
