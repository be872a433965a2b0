import { availableParallelism } from "node:os";
import { namespacesUnavailable, smallDiskUnavailable } from "@lanspread/testkit";
import type { HostNetwork } from "../hosts/host.ts";
import { createLanHosts } from "../hosts/lan-hosts.ts";
import { createLoopbackHosts } from "../hosts/loopback-hosts.ts";
import { rsyncUnavailable } from "../hosts/rsync.ts";
import { createFixtures } from "../library/fixtures.ts";
import type { Need, Scenario } from "../scenario.ts";
import type { StagePeer } from "../stage/stage-peer.ts";
import type { Workspace } from "../workspace.ts";
import type { MatrixEntry } from "./compare-matrix.ts";
import { DEFAULT_CORES } from "./constants.ts";
import type { Outcome } from "./outcome.ts";
import { runScenario } from "./run-scenario.ts";
import { runTasks } from "./schedule.ts";

export interface RunMatrixOptions {
  readonly entries: readonly MatrixEntry<Scenario>[];
  readonly workspace: Workspace;
  readonly signal: AbortSignal;
  readonly keep: boolean;
  /** Processes on 127.0.0.0/8 even where hosts of their own could be made. */
  readonly loopback: boolean;
  readonly onOutcome: (outcome: Outcome) => void;
  readonly onPeers: (peers: readonly StagePeer[]) => void;
}

/** Why the hosts are only processes on 127.0.0.0/8; undefined where each has a network of its own. */
export function whyLoopback(isWanted: boolean): string | undefined {
  return isWanted ? "asked for" : namespacesUnavailable();
}

const NEEDS: Readonly<Record<Need, string>> = {
  lan: "hosts with a network of their own",
  root: "root",
  rsync: "rsync",
};

/** Why each need cannot be met here; undefined where it can. */
function missingNeeds(noLan: string | undefined): Readonly<Record<Need, string | undefined>> {
  return {
    lan: noLan,
    root: smallDiskUnavailable(),
    rsync: rsyncUnavailable(),
  };
}

/** What makes the hosts of each scenario on this machine. */
export function hostMaker(loopback: boolean): () => HostNetwork {
  return whyLoopback(loopback) === undefined ? createLanHosts : createLoopbackHosts;
}

/** Runs the scenarios of these rows, several at a time; the outcomes come in the order of the rows. */
export async function runMatrix(options: RunMatrixOptions): Promise<readonly Outcome[]> {
  const { entries, workspace, signal, onOutcome } = options;
  const fixtures = createFixtures(`${workspace.peers}/fixtures`, signal);
  const noLan = whyLoopback(options.loopback);
  const createHosts = hostMaker(options.loopback);
  const missing = missingNeeds(noLan);
  const outcomes = new Map<string, Outcome>();
  const settle = (outcome: Outcome): void => {
    outcomes.set(outcome.row.id, outcome);
    onOutcome(outcome);
  };
  const tasks = entries.flatMap(({ row, scenario }) => {
    if (scenario === undefined) {
      settle({ row, result: "not written", elapsedMs: 0 });
      return [];
    }
    const need = scenario.needs?.find((name) => missing[name] !== undefined);
    if (need !== undefined) {
      settle({ row, result: "skipped", elapsedMs: 0, why: `needs ${NEEDS[need]} (${missing[need]})` });
      return [];
    }
    const run = async (): Promise<void> => {
      if (signal.aborted) return settle({ row, result: "skipped", elapsedMs: 0, why: "ended early" });
      settle(await runScenario(row, scenario, { ...options, fixtures, createHosts }));
    };
    return [{ cores: scenario.cores ?? DEFAULT_CORES, run }];
  });
  await runTasks(tasks, availableParallelism());
  return entries.flatMap(({ row }) => outcomes.get(row.id) ?? []);
}
