import type { Bar, Table } from "../bench.ts";
import { BAR_ONE_LANE, BAR_TWO_LANES, BAR_TWO_LANES_CORES } from "./constants.ts";
import type { Sample } from "./messages.ts";
import type { MoreGames, Pair, Stand } from "./stand.ts";
import { rateRatio, rowOf, type Series, TRANSFER_COLUMNS } from "./transfer.ts";

/** Pairs with no lane (the main thread moves the bytes), one and two on each side. */
export interface LanePairs {
  readonly none: Pair;
  readonly one: Pair;
  readonly two: Pair;
}

/** @param more what else the sources with one and with two lanes have */
export async function standPairs(
  stand: Stand,
  more: { readonly one?: MoreGames; readonly two?: MoreGames },
): Promise<LanePairs> {
  const [none, one, two] = await Promise.all([
    stand.pair(0),
    stand.pair(1, more.one),
    stand.pair(2, more.two),
  ]);
  return { none, one, two };
}

/** What was measured of pairs over one link. */
export interface LaneFigures {
  readonly link: string;
  /** With datagrams as large as lanes send them over that link. */
  readonly bare: Series;
  /** With datagrams that fit into an Ethernet frame; the same where the link carries no larger ones. */
  readonly narrow: Series;
  readonly none: Series;
  readonly one: Series;
  readonly two: Series;
}

export function laneSeries(
  link: string,
  { bare, narrow = bare }: { readonly bare: Series; readonly narrow?: Series },
  stand: Stand,
  { none, one, two }: LanePairs,
): LaneFigures {
  return {
    ...{ link, bare, narrow },
    none: stand.downloads("no lane: the main thread", none),
    one: stand.downloads("one lane", one),
    two: stand.downloads("two lanes", two),
  };
}

export function laneTable(figures: readonly LaneFigures[]): Table {
  return {
    title: "One large file from one source, as many lanes on each side",
    columns: ["link", "what", ...TRANSFER_COLUMNS, "x bare", "x one lane"],
    rows: figures.flatMap(({ link, bare, narrow, none, one, two }) =>
      [...new Set([bare, narrow, none, one, two])].map((each) => [
        ...[link, each.label, ...rowOf(each)],
        ...[rateRatio(each, bare), rateRatio(each, one)],
      ]),
    ),
  };
}

export function laneBars(figures: readonly LaneFigures[], cores: number): Bar[] {
  return figures.flatMap(({ link, bare, narrow, one, two }) => {
    const oneLane: Bar = {
      what: `${link}: MB/s of one lane, against ${narrow.label}`,
      measured: rateRatio(one, narrow),
      atLeast: BAR_ONE_LANE,
    };
    // With larger datagrams one lane on each side leaves no four processors free.
    if (bare !== narrow) return [oneLane];
    const twoLanes: Bar = {
      what: `${link}: MB/s of two lanes, against one`,
      measured: cores < BAR_TWO_LANES_CORES ? null : rateRatio(two, one),
      atLeast: BAR_TWO_LANES,
    };
    return [oneLane, twoLanes];
  });
}

/** The most memory that was ever resident, of somebody who did something. */
export interface Peak {
  readonly what: string;
  readonly source: Sample;
  readonly receiver: Sample;
}

export async function peaksOf(link: string, { none, one, two }: LanePairs): Promise<readonly Peak[]> {
  const named = [
    ["no lane", none],
    ["one lane", one],
    ["two lanes", two],
  ] as const;
  return Promise.all(
    named.map(async ([lanes, { source, receiver }]) => ({
      what: `${link}, ${lanes}: all downloads above`,
      source: await source.sample(),
      receiver: await receiver.sample(),
    })),
  );
}
