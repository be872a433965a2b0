import { type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import type { Readable, Writable } from "node:stream";
import { fileURLToPath } from "node:url";
import type { Stage } from "../stage/stage.ts";
import type { StagePeer } from "../stage/stage-peer.ts";
import type { Host, Lan } from "./host.ts";

const HALF = fileURLToPath(new URL("./relay-half.ts", import.meta.url));

/** A peer, and the LAN that it is in. */
export interface RelayEnd {
  readonly peer: StagePeer;
  readonly lan: Lan;
}

/** Datagrams that came to a relay, and those of them that it has lost. */
export interface RelayCounts {
  readonly seen: number;
  readonly lost: number;
}

export interface Relay {
  /** Of both ways together, so far. */
  counts(): Promise<RelayCounts>;
}

/**
 * Connects two peers in different LANs by a relay that loses datagrams: in each LAN a host takes the other peer's place. Multicast does
 * not pass; the peers have to `connect`. Gone with the scenario.
 *
 * @param loss of the datagrams each way, 0 to 1
 */
export async function connectByRelay(
  stage: Stage,
  ends: readonly [RelayEnd, RelayEnd],
  loss: number,
): Promise<Relay> {
  const [one, other] = ends;
  const halves = await Promise.all([startHalf(stage, one, other, loss), startHalf(stage, other, one, loss)]);
  const [first, second] = halves;
  first.stdout.pipe(second.stdin);
  second.stdout.pipe(first.stdin);
  for (const { stdin } of halves) stdin.on("error", () => {});
  return {
    counts: async () => {
      const counted = await Promise.all(halves.map((half) => countsOf(half, stage.signal)));
      return {
        seen: counted.reduce((sum, { seen }) => sum + seen, 0),
        lost: counted.reduce((sum, { lost }) => sum + lost, 0),
      };
    },
  };
}

async function countsOf(half: Half, signal: AbortSignal): Promise<RelayCounts> {
  const said = once(half.stderr, "data", { signal }) as Promise<[Buffer]>;
  half.kill("SIGUSR2");
  return JSON.parse(String((await said)[0])) as RelayCounts;
}

type Half = ChildProcessByStdio<Writable, Readable, Readable>;

/** Stands in the LAN of `near` at the address of `far`. */
async function startHalf(stage: Stage, near: RelayEnd, far: RelayEnd, loss: number): Promise<Half> {
  const host: Host = stage.hosts.addHost(`relay-to-${far.peer.name}`, [near.lan]);
  const [face, partner] = [far.peer.host.address, near.peer.host.address];
  near.peer.host.cable.expect(far.lan);
  host.cable.claim(face);
  const { addr, lanes } = await far.peer.status();
  const ports = [addr.slice(addr.lastIndexOf(":") + 1), ...lanes.map(String)];
  const [program, ...args] = host.command(process.execPath, HALF, face, partner, String(loss), ...ports);
  const half = spawn(program, args, {
    env: { ...process.env, ...stage.env },
    stdio: ["pipe", "pipe", "pipe"],
  });
  stage.endWith(half);
  const said = (await once(half.stderr, "data", { signal: stage.signal })) as [Buffer];
  if (!String(said[0]).startsWith("ready"))
    throw new Error(`the relay to ${far.peer.name}: ${String(said[0])}`);
  return half;
}
