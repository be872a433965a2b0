import { now } from "../moment.ts";
import { type Amounts, CHANGE_DEADLINE_MS } from "./constants.ts";
import { gameId } from "./games.ts";
import type { MeshPeer } from "./mesh-peer.ts";
import type { Sample } from "./messages.ts";
import type { Party } from "./party.ts";

/** A kind of change, made again and again by one peer after the other. */
export interface ChangeFigures {
  readonly what: string;
  /** Of each change: until the last of the others had heard of it, ms. */
  readonly reachedMs: readonly number[];
  /** Revisions that one change was published as. */
  readonly revisions: number;
  /** Deltas that one peer got for one change. */
  readonly deltas: number;
  /** Whole libraries that were asked for meanwhile, by everybody together. */
  readonly snapshots: number;
  /** Of all processes, less what they use when idle; seconds of processor time for one change. */
  readonly cpuSeconds: number;
}

export interface IdleFigures {
  /** Of one peer. */
  readonly cpuSecondsPerMinute: number;
  /** Of one peer; null where others use the same interface. */
  readonly bytesPerMinute: number | null;
  readonly medianRssBytes: number;
}

const MINUTE_MS = 60_000;

/** What the party uses while nothing happens. */
export async function measureIdle(
  party: Party,
  { idleMs, countBytes }: { readonly idleMs: number; readonly countBytes: boolean },
): Promise<IdleFigures> {
  const count = party.peers.length;
  const before = await party.sample();
  const [bytesBefore, startedAt] = [party.loopbackBytes(), now()];
  await party.rest(idleMs);
  const [bytesAfter, minutes] = [party.loopbackBytes(), (now() - startedAt) / MINUTE_MS];
  const after = await party.sample();
  const rss = after.map(({ rssBytes }) => rssBytes).sort((a, b) => a - b);
  return {
    cpuSecondsPerMinute: (total(after, "cpuSeconds") - total(before, "cpuSeconds")) / minutes / count,
    bytesPerMinute: countBytes ? (bytesAfter - bytesBefore) / minutes / count : null,
    medianRssBytes: rss[Math.floor(count / 2)] ?? 0,
  };
}

/** Every kind of change, in order: what the first adds the second installs and the third takes away. */
const KINDS: readonly Kind[] = [
  {
    what: "a game added",
    act: ({ folders }, id) => folders.add(id),
    shows: (own, before) => own.games > before.games,
  },
  {
    what: "a game installed",
    act: ({ folders }, id) => folders.install(id),
    shows: (own, before) => own.installed > before.installed,
  },
  {
    what: "a game removed",
    act: ({ folders }, id) => folders.remove(id),
    shows: (own, before) => own.games < before.games,
  },
];

/** Measures every kind of change. Each peer has made as many of each before, or small parties would have the more practised peers. */
export async function measureChanges(
  party: Party,
  { warmUps, changes, gamesPerPeer }: Amounts,
  idle: IdleFigures,
): Promise<readonly ChangeFigures[]> {
  await party.quiet();
  for (let round = 0; round < warmUps; round++) {
    for (const index of party.peers.keys()) {
      for (const kind of KINDS) await change(party, kind, index, gameId(index, gamesPerPeer + changes));
    }
  }
  const figures: ChangeFigures[] = [];
  for (const kind of KINDS) figures.push(await measureKind(party, kind, { changes, gamesPerPeer, idle }));
  return figures;
}

type Own = NonNullable<MeshPeer["own"]>;

interface Kind {
  readonly what: string;
  readonly act: (owner: MeshPeer, id: string) => Promise<void>;
  /** Whether the owner's library shows the change. */
  readonly shows: (own: Own, before: Own) => boolean;
}

interface KindOptions {
  readonly changes: number;
  readonly gamesPerPeer: number;
  readonly idle: IdleFigures;
}

async function measureKind(party: Party, kind: Kind, options: KindOptions): Promise<ChangeFigures> {
  const { changes, gamesPerPeer, idle } = options;
  const { peers } = party;
  const reachedMs: number[] = [];
  await party.quiet();
  const before = await party.sample();
  const startedAt = now();
  for (let number = 0; number < changes; number++) {
    const index = number % peers.length;
    reachedMs.push(await change(party, kind, index, gameId(index, gamesPerPeer + number)));
  }
  const minutes = (now() - startedAt) / MINUTE_MS;
  const after = await party.sample();
  const idleSeconds = idle.cpuSecondsPerMinute * minutes * peers.length;
  const used = (field: keyof Sample): number => total(after, field) - total(before, field);
  return {
    what: kind.what,
    reachedMs,
    revisions: used("rev") / changes,
    deltas: used("deltas") / changes / (peers.length - 1),
    snapshots: used("snapshots"),
    cpuSeconds: (used("cpuSeconds") - idleSeconds) / changes,
  };
}

/** Makes a change on one peer and waits until nobody says anything about it any more. @returns ms until the last of the others had heard */
async function change(party: Party, { act, shows }: Kind, index: number, id: string): Promise<number> {
  const owner = party.peers[index];
  if (owner?.own === null || owner === undefined) throw new Error("there is no such peer");
  const own = owner.own;
  const others = party.others(owner);
  for (const other of others) other.heard.length = 0;
  const actedAt = now();
  await act(owner, id);
  await party.until("a change to reach everybody", CHANGE_DEADLINE_MS, () =>
    others.every(({ heard }) => heard.length > 0),
  );
  const reachedMs = Math.max(...others.map(({ heard }) => heard[0]?.at ?? 0)) - actedAt;
  await party.until("a change to come to rest", CHANGE_DEADLINE_MS, () => {
    return owner.own !== null && owner.own.unhashed === 0 && shows(owner.own, own);
  });
  await party.quiet();
  return reachedMs;
}

function total(samples: readonly Sample[], field: keyof Sample): number {
  return samples.reduce((sum, sample) => sum + sample[field], 0);
}
