import { createVirtualLan, namespacesUnavailable, temporaryDirectory } from "@lanspread/testkit";
import type { Bar, Bench, BenchContext, Report, Table } from "../bench.ts";
import { median, spread } from "../statistics.ts";
import { BAR_CHANGE_MS, BAR_COMPLETE_MS, BAR_DELTAS, FULL, LINEAR_TOLERANCE, SHORT } from "./constants.ts";
import { makeFolders, type PeerFolders } from "./games.ts";
import { type ChangeFigures, type IdleFigures, measureChanges, measureIdle } from "./measure.ts";
import { Party, type PartyOptions, type StartTimes } from "./party.ts";

/** Whole parties of real processes: how soon everybody sees everything, and what one change costs. */
export const meshBench: Bench = {
  name: "mesh",
  summary: "parties of real processes: time to see everything, cost of a change",
  run,
};

/** What was measured of a party of so many peers. */
interface PartyFigures {
  readonly count: number;
  readonly starts: readonly StartTimes[];
  readonly idle: IdleFigures;
  readonly changes: readonly ChangeFigures[];
}

const KIB = 1_024;
const MIB = 1_024 ** 2;

async function run(context: BenchContext): Promise<Report> {
  const amounts = context.short ? SHORT : FULL;
  const { signal, progress } = context;
  await using directory = await temporaryDirectory("lanspread-bench-mesh-");
  const unavailable = namespacesUnavailable();
  using place = unavailable === undefined ? placeOfItsOwn() : null;
  const folders: PeerFolders[] = [];
  const most = Math.max(...amounts.parties);
  progress(`making and indexing ${most} libraries of ${amounts.gamesPerPeer} games`);
  for (let peer = 0; peer < most; peer++) {
    signal.throwIfAborted();
    folders.push(await makeFolders(directory.path, { peer, games: amounts.gamesPerPeer }));
  }
  const options = { folders, gamesPerPeer: amounts.gamesPerPeer, prefix: place?.prefix ?? [], signal };
  await Party.index(options);
  const parties: PartyFigures[] = [];
  for (const count of amounts.parties) {
    parties.push(await measureParty({ ...options, folders: folders.slice(0, count) }, context));
  }
  return {
    bench: "mesh",
    tables: [startTable(parties), changeTable(parties), idleTable(parties)],
    bars: bars(parties),
    notes: [
      `${amounts.gamesPerPeer} games per peer, none on two; every library indexed beforehand. Starts: all processes at once, ${amounts.starts} times. Changes: ${amounts.changes} of each kind, one after the other, each on the next peer, which has made ${amounts.warmUps} of each before. CPU of a change: of all processes and threads, less what they use when idle.`,
      "An added game is announced at once and again with its content id, when it is hashed: two revisions where hashing takes longer than telling.",
      ...(unavailable === undefined ? [] : [`Bytes are not measured: ${unavailable}.`]),
    ],
  };
}

/** A network namespace: nobody else's multicast is heard in it, and its loopback interface counts this party's bytes alone. */
function placeOfItsOwn(): { readonly prefix: readonly string[] } & Disposable {
  const lan = createVirtualLan();
  try {
    const host = lan.addHost(lan.addSwitch("198.18.8")); // RFC 2544: benchmarking
    return { prefix: host.command("").slice(0, -1), [Symbol.dispose]: () => lan[Symbol.dispose]() };
  } catch (error) {
    lan[Symbol.dispose]();
    throw error;
  }
}

async function measureParty(options: PartyOptions, context: BenchContext): Promise<PartyFigures> {
  const amounts = context.short ? SHORT : FULL;
  const count = options.folders.length;
  const starts: StartTimes[] = [];
  for (let round = 1; round < amounts.starts; round++) {
    context.progress(`${count} peers: start ${round} of ${amounts.starts}`);
    const { party, times } = await Party.start(options);
    await party[Symbol.asyncDispose]();
    starts.push(times);
  }
  context.progress(`${count} peers: start ${amounts.starts} of ${amounts.starts}`);
  const { party: last, times } = await Party.start(options);
  await using party = last;
  starts.push(times);
  context.progress(`${count} peers: idle`);
  const countBytes = options.prefix.length > 0;
  const idle = await measureIdle(party, { idleMs: amounts.idleMs, countBytes });
  context.progress(`${count} peers: changes`);
  return { count, starts, idle, changes: await measureChanges(party, amounts, idle) };
}

function startTable(parties: readonly PartyFigures[]): Table {
  return {
    title: "A start of the whole party, until everybody sees everybody's games",
    columns: ["peers", "ms since the last one listens", "from-to", "ms since the last process was started"],
    rows: parties.map(({ count, starts }) => {
      const times = starts.map(({ sinceListening }) => sinceListening);
      return [
        String(count),
        median(times),
        spread(times),
        median(starts.map(({ sinceSpawned }) => sinceSpawned)),
      ];
    }),
  };
}

function changeTable(parties: readonly PartyFigures[]): Table {
  return {
    title: "One change on one peer, until the last of the others shows it",
    columns: [
      ...["peers", "change", "ms", "from-to", "revisions", "deltas per peer", "snapshots", "CPU ms, all"],
      "CPU ms per peer",
    ],
    rows: parties.flatMap(({ count, changes }) =>
      changes.map(({ what, reachedMs, revisions, deltas, snapshots, cpuSeconds }) => [
        ...[String(count), what, median(reachedMs), spread(reachedMs), revisions, deltas, String(snapshots)],
        ...[cpuSeconds * 1_000, (cpuSeconds * 1_000) / count],
      ]),
    ),
  };
}

function idleTable(parties: readonly PartyFigures[]): Table {
  return {
    title: "Nothing happens, each peer",
    columns: ["peers", "CPU ms per minute", "KiB per minute", "RSS MiB"],
    rows: parties.map(({ count, idle }) => [
      String(count),
      idle.cpuSecondsPerMinute * 1_000,
      idle.bytesPerMinute === null ? null : idle.bytesPerMinute / KIB,
      idle.medianRssBytes / MIB,
    ]),
  };
}

function bars(parties: readonly PartyFigures[]): Bar[] {
  const [least, most] = [parties[0], parties.at(-1)];
  if (least === undefined || most === undefined) return [];
  const growth = most.count / least.count;
  return [
    {
      what: `${most.count} peers: ms since the last start until everybody sees everything`,
      measured: median(most.starts.map(({ sinceListening }) => sinceListening)),
      atMost: BAR_COMPLETE_MS,
    },
    ...most.changes.map(({ what, reachedMs }) => ({
      what: `${most.count} peers, ${what}: ms until it has reached everybody, the slowest`,
      measured: Math.max(...reachedMs),
      atMost: BAR_CHANGE_MS,
    })),
    ...parties.flatMap(({ count, changes }) =>
      changes.map(({ what, deltas, revisions }) => ({
        what: `${count} peers, ${what}: deltas per peer and published change`,
        measured: deltas / revisions,
        atLeast: BAR_DELTAS,
        atMost: BAR_DELTAS,
      })),
    ),
    ...most.changes.map(({ what, cpuSeconds }, i) => ({
      what: `${what}: CPU of all at ${most.count} peers against ${least.count}, less than linear is below ${growth}`,
      measured: cpuSeconds / (least.changes[i]?.cpuSeconds ?? Number.NaN),
      atMost: growth * LINEAR_TOLERANCE,
    })),
  ];
}
