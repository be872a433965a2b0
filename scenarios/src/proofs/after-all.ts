import type { HostNetwork } from "../hosts/host.ts";
import { kill, processesOf } from "../hosts/leftovers.ts";
import type { RunId } from "../hosts/run-id.ts";
import { LEAK_DEADLINE_MS } from "../runner/constants.ts";
import { everythingIn, unfinishedIn } from "../soak/leftovers.ts";
import { REST_DEADLINE_MS } from "../stage/constants.ts";
import type { OwnedStage } from "../stage/stage.ts";
import type { StagePeer } from "../stage/stage-peer.ts";
import { until } from "../stage/until.ts";
import { checkEventOrder } from "./event-order.ts";

/** What every scenario has to leave behind, whatever it is about: nothing runs, nothing is half done, nothing is out of order. */
export async function faultsAfterAll(
  { peers, hosts, endOthers }: Pick<OwnedStage, "peers" | "hosts" | "endOthers">,
  run: RunId,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const faults: string[] = [];
  const check = async (work: () => Promise<unknown>): Promise<void> => {
    await work().catch(
      (error: unknown) => void faults.push(error instanceof Error ? error.message : String(error)),
    );
  };
  await Promise.all(peers.map((peer) => check(() => comesToRest(peer, signal))));
  await Promise.all(peers.map((peer) => check(() => peer.shutdown())));
  for (const peer of peers) {
    faults.push(...faultsOfOutput(peer));
    await check(async () => void faults.push(...(await faultsOfDisk(peer))));
  }
  await check(endOthers);
  await check(() => nothingRuns(run, hosts, signal));
  return faults;
}

/** No operation, and nothing going out. */
async function comesToRest(peer: StagePeer, signal: AbortSignal): Promise<void> {
  if (!peer.isRunning) return;
  await until(
    `${peer.name} comes to rest`,
    async () => {
      const { operations, outbound_transfers } = await peer.status();
      return operations.length === 0 && Object.values(outbound_transfers).every((count) => count === 0);
    },
    { deadlineMs: REST_DEADLINE_MS, signal },
  );
}

/** What is wrong with what it has printed in any of its lives. */
function faultsOfOutput({ name, lives }: StagePeer): readonly string[] {
  return lives.flatMap(({ harness, wasKilled }) => {
    const stray = harness.foreignLines.slice(0, 1);
    const order = checkEventOrder(harness.events, { wasKilled });
    return [
      ...stray.map((line) => `${name} printed a line outside its protocol: ${line}`),
      ...order.map((text) => `${name}: order of events: ${text}`),
    ];
  });
}

/** What it has left on disk that should not be there. */
async function faultsOfDisk({ name, lives, games, state, temporary }: StagePeer): Promise<readonly string[]> {
  // What a killed one has left of its temporary files is nobody's: the system's, in the end.
  const files = lives.some(({ wasKilled }) => wasKilled) ? [] : await everythingIn(temporary);
  const mayBeUnfinished = lives.at(-1)?.wasKilled !== false;
  const unfinished = mayBeUnfinished ? [] : [...(await unfinishedIn(games)), ...(await unfinishedIn(state))];
  return [
    ...files.map((path) => `${name} left a temporary file: ${path}`),
    ...unfinished.map((path) => `${name} left something unfinished: ${path}`),
  ];
}

async function nothingRuns(run: RunId, hosts: HostNetwork, signal: AbortSignal): Promise<void> {
  let left: readonly number[] = [];
  const isOver = (): boolean => {
    // One that has thrown its environment away is still where it was started.
    left = [...new Set([...processesOf(run), ...hosts.processes()])];
    return left.length === 0;
  };
  await until("every process of the scenario ends", isOver, { deadlineMs: LEAK_DEADLINE_MS, signal }).catch(
    (cause: unknown) => {
      // Whoever ended the run did not wait for them: what still runs then is no leak.
      if (signal.aborted) isOver();
      for (const pid of left) kill(pid);
      if (signal.aborted) return;
      throw new Error(`processes were left behind: ${left.join(", ")}`, { cause });
    },
  );
}
