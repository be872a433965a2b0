import { existsSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { HostNetwork } from "../../src/hosts/host.ts";
import { createLoopbackHosts } from "../../src/hosts/loopback-hosts.ts";
import { createFixtures } from "../../src/library/fixtures.ts";
import type { Outcome } from "../../src/runner/outcome.ts";
import { runScenario } from "../../src/runner/run-scenario.ts";
import type { Scenario } from "../../src/scenario.ts";
import { createWorkspace, type Workspace } from "../../src/workspace.ts";

const ROW = { id: "S1", setup: "a", proof: "b" } as const;

let workspace: Workspace;

beforeEach(async () => {
  workspace = await createWorkspace("scenario-test", 1);
});

afterEach(() => workspace.remove());

function play(
  scenario: Omit<Scenario, "id">,
  createHosts: () => HostNetwork = createLoopbackHosts,
): Promise<Outcome> {
  const { signal } = new AbortController();
  const fixtures = createFixtures(`${workspace.peers}/fixtures`, signal);
  const options = { workspace, fixtures, createHosts, signal, keep: false, keepLogs: false };
  return runScenario(ROW, { id: ROW.id, ...scenario }, options);
}

describe("a scenario", () => {
  it("passes with what it says", async () => {
    expect(await play({ run: async () => "well" })).toMatchObject({ result: "passed", proof: "well" });
  });

  it("that ends behind its deadline has failed, whatever it says", async () => {
    const late = { deadlineMs: 50, run: () => delay(100, "well") };
    const faults = ["the scenario took more than 50 ms"];
    expect(await play(late)).toMatchObject({ result: "failed", faults });
  });

  it("fails where it cannot be cleaned up behind, and everything else is removed", async () => {
    const removed: string[] = [];
    const outcome = await play(
      {
        async run(stage) {
          stage.defer(() => removed.push("a disk"));
          stage.defer(() => {
            throw new Error("the disk is busy");
          });
          return "well";
        },
      },
      () => ({ ...createLoopbackHosts(), remove: () => void removed.push("the hosts") }),
    );
    expect(outcome).toMatchObject({ result: "failed", faults: ["the disk is busy"] });
    expect(removed).toEqual(["a disk", "the hosts"]);
    expect(existsSync(join(workspace.peers, ROW.id))).toBe(false);
  });

  it("fails alone where it cannot be set up", async () => {
    const outcome = await play({ run: async () => "well" }, () => {
      throw new Error("no more namespaces");
    });
    expect(outcome).toMatchObject({ result: "failed", faults: ["no more namespaces"], logs: null });
  });
});
