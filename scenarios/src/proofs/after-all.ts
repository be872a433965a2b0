import type { HostNetwork } from "../hosts/host.ts";
import { processesOf } from "../hosts/leftovers.ts";
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
    faults.push(...(await faultsOf(peer)));
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

async function faultsOf(peer: StagePeer): Promise<readonly string[]> {
  const faults: string[] = [];
  for (const { harness, wasKilled } of peer.lives) {
    const [line] = harness.foreignLines;
    if (line !== undefined) faults.push(`${peer.name} printed a line outside its protocol: ${line}`);
    const order = checkEventOrder(harness.events, { wasKilled });
    faults.push(...order.map((text) => `${peer.name}: order of events: ${text}`));
  }
  // What a killed one has left of its temporary files is nobody's: the system's, in the end.
  if (!peer.lives.some(({ wasKilled }) => wasKilled)) {
    const temporary = await everythingIn(peer.temporary);
    faults.push(...temporary.map((path) => `${peer.name} left a temporary file: ${path}`));
  }
  if (peer.lives.length === 0 || peer.life.wasKilled) return faults;
  for (const folder of [peer.games, peer.state]) {
    // A scenario may have taken its games directory away.
    const unfinished = await unfinishedIn(folder).catch(() => []);
    faults.push(...unfinished.map((path) => `${peer.name} left something unfinished: ${path}`));
  }
  return faults;
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
      for (const pid of left) process.kill(pid, "SIGKILL");
      throw new Error(`processes were left behind: ${left.join(", ")}`, { cause });
    },
  );
}
