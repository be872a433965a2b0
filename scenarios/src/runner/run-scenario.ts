import { randomBytes } from "node:crypto";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import type { HostNetwork } from "../hosts/host.ts";
import { makeRunId } from "../hosts/run-id.ts";
import type { Fixtures } from "../library/fixtures.ts";
import { faultsAfterAll } from "../proofs/after-all.ts";
import type { Scenario } from "../scenario.ts";
import { SCENARIO_DEADLINE_MS } from "../stage/constants.ts";
import { createStage } from "../stage/stage.ts";
import type { StagePeer } from "../stage/stage-peer.ts";
import type { Workspace } from "../workspace.ts";
import { EVENT_CHARS, EVENTS_SHOWN } from "./constants.ts";
import { keepAs } from "./keep.ts";
import type { MatrixRow } from "./matrix-document.ts";
import type { Outcome } from "./outcome.ts";

const REMOVAL = { recursive: true, force: true, maxRetries: 5 } as const;

export interface RunScenarioOptions {
  readonly workspace: Workspace;
  readonly fixtures: Fixtures;
  readonly createHosts: () => HostNetwork;
  readonly signal: AbortSignal;
  /** Leaves what the peers have on disk. */
  readonly keep: boolean;
  /** What its folders and logs are called; default: the row's id. Of its own where a scenario runs several times at once. */
  readonly folder?: string;
  /** False: the logs of a failure go, too, since it is expected. Default true: they go only where `signal` has ended it. */
  readonly keepLogs?: boolean;
  /** See `StageOptions.program`. */
  readonly program?: readonly [string, ...string[]];
  /** Told of the peers as soon as there can be any: for the last resort. */
  readonly onPeers?: (peers: readonly StagePeer[]) => void;
}

/**
 * Runs one scenario and everything that has to hold behind it. Never rejects: also what keeps the runner from setting it up or from
 * cleaning up behind it, such as a full disk, fails this scenario alone.
 */
export async function runScenario(
  row: MatrixRow,
  scenario: Scenario,
  options: RunScenarioOptions,
): Promise<Outcome> {
  const startedAt = performance.now();
  try {
    return await playScenario(row, scenario, options);
  } catch (error) {
    const elapsedMs = performance.now() - startedAt;
    return { row, result: "failed", elapsedMs, faults: [messageOf(error)], story: "", logs: null };
  }
}

/** @throws Error where it cannot be set up */
async function playScenario(
  row: MatrixRow,
  scenario: Scenario,
  options: RunScenarioOptions,
): Promise<Outcome> {
  const { folder = row.id, workspace, keep, keepLogs = true } = options;
  const startedAt = performance.now();
  const deadlineMs = scenario.deadlineMs ?? SCENARIO_DEADLINE_MS;
  const deadline = new AbortController();
  const signal = AbortSignal.any([options.signal, deadline.signal]);
  const run = makeRunId(process.pid, randomBytes(6).toString("hex"));
  const hosts = options.createHosts();
  const stage = await createStage({ ...options, id: folder, run, hosts, signal }).catch((error: unknown) => {
    hosts.remove();
    throw error;
  });
  options.onPeers?.(stage.peers);
  const faults: string[] = [];
  const attempt = async (work: () => unknown): Promise<void> => {
    try {
      await work();
    } catch (error) {
      faults.push(messageOf(error));
    }
  };
  // Whoever waits for a peer waits no longer when it is gone.
  const killAll = (): void => {
    for (const peer of stage.peers) peer.killNow();
  };
  signal.addEventListener("abort", killAll, { once: true });
  const timer = setTimeout(
    () => deadline.abort(new Error(`the scenario took more than ${deadlineMs} ms`)),
    deadlineMs,
  );
  let proof = "";
  try {
    proof = await scenario.run(stage);
    // It may have come to its end without a look at the peers, which are gone.
    signal.throwIfAborted();
  } catch (error) {
    faults.push(messageOf(signal.aborted ? signal.reason : error));
  }
  // What comes behind it has deadlines of its own, and needs the peers.
  clearTimeout(timer);
  await attempt(async () => void faults.push(...(await faultsAfterAll(stage, run, options.signal))));
  const elapsedMs = performance.now() - startedAt;
  signal.removeEventListener("abort", killAll);
  await Promise.all(stage.peers.map((peer) => peer.close()));
  await attempt(() => stage.endOthers());
  await attempt(() => stage.undoAll());
  await attempt(() => hosts.remove());
  if (!keep) await attempt(() => rm(join(workspace.peers, folder), REMOVAL));
  if (faults.length === 0) return { row, result: "passed", elapsedMs, proof };
  let logs: string | null = null;
  // What somebody has ended in its middle is no failure that anybody would look into.
  if (keepLogs && !options.signal.aborted) {
    await attempt(async () => {
      logs = await keepAs(stage.logs, row.id);
    });
  }
  return { row, result: "failed", elapsedMs, faults, story: tell(stage.peers), logs };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** The last events of every life of every peer, in the order in which they came. */
function tell(peers: readonly StagePeer[]): string {
  const told = peers.flatMap(({ name, lives }) =>
    lives.flatMap(({ harness }) => harness.events.slice(-EVENTS_SHOWN).map((event) => ({ name, event }))),
  );
  return told
    .sort((a, b) => a.event.time - b.event.time)
    .map(({ name, event: { time, event, data } }) => {
      const at = new Date(time).toISOString().slice(11, 23);
      const text = `${at} ${name}: ${event} ${JSON.stringify(data)}`;
      return text.length > EVENT_CHARS ? `${text.slice(0, EVENT_CHARS)}…` : text;
    })
    .join("\n");
}
