import type { Bar, BenchContext, Table } from "../bench.ts";
import { beside } from "../beside.ts";
import { Child } from "../child.ts";
import { median, medianRatio, spread } from "../statistics.ts";
import { type Amounts, BAR_DELTA, BAR_TABLE_MB, type Party } from "./constants.ts";
import type { TableCosts, TableSettings } from "./messages.ts";

const HOST = beside(import.meta.url, "./hosts/table");

export interface PartySeries {
  readonly party: Party;
  readonly measured: TableCosts[];
}

export interface PartyCosts {
  readonly large: PartySeries;
  readonly small: PartySeries;
}

/** The libraries of a large party and a small one, each in a process of its own, in turns. */
export async function measureParties(
  { rounds, large, small, deltas }: Amounts,
  { progress, signal }: BenchContext,
): Promise<PartyCosts> {
  const costs: PartyCosts = { large: { party: large, measured: [] }, small: { party: small, measured: [] } };
  for (let round = 1; round <= rounds; round++) {
    for (const { party, measured } of [costs.large, costs.small]) {
      progress(`round ${round} of ${rounds}: ${nameOf(party)}`);
      const settings: TableSettings = { ...party, deltas };
      await using child = new Child({ module: HOST, settings, signal });
      measured.push((await child.says()) as TableCosts);
    }
  }
  return costs;
}

export function partyTable({ large, small }: PartyCosts): Table {
  return {
    title: "The libraries of a whole party, and one changed game of one peer",
    columns: ["party", "MB of heap", "µs a delta", "from-to", "x small party", "µs with the list read"],
    rows: [small, large].map(({ party, measured }) => [
      nameOf(party),
      median(measured.map(({ heapBytes }) => heapBytes / 1e6)),
      median(deltas(measured)),
      spread(deltas(measured)),
      medianRatio(deltas(measured), deltas(small.measured)),
      median(measured.map(({ deltaAndListMicros }) => deltaAndListMicros)),
    ]),
  };
}

export function partyBars({ large, small }: PartyCosts): Bar[] {
  return [
    {
      what: `MB of heap, ${nameOf(large.party)}`,
      measured: median(large.measured.map(({ heapBytes }) => heapBytes / 1e6)),
      atMost: BAR_TABLE_MB,
    },
    {
      what: `time of a delta, ${nameOf(large.party)} against ${nameOf(small.party)}`,
      measured: medianRatio(deltas(large.measured), deltas(small.measured)),
      atMost: BAR_DELTA,
    },
  ];
}

function deltas(measured: readonly TableCosts[]): number[] {
  return measured.map(({ deltaMicros }) => deltaMicros);
}

function nameOf({ peers, games }: Party): string {
  return `${peers} peers of ${games} games`;
}
