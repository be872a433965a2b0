import type { Bar, Table } from "../bench.ts";
import { BAR_RSS_MB } from "./constants.ts";
import type { HugeDownload } from "./huge.ts";
import type { Peak } from "./lanes.ts";

const GIB = 1024 ** 3;

export function peakTable(peaks: readonly Peak[], huge: HugeDownload): Table {
  return {
    title: "The most memory that was ever resident, MB",
    columns: ["what", "source", "receiver"],
    rows: [...peaks, { ...huge, what: nameOf(huge) }].map(({ what, source, receiver }) => [
      what,
      source.peakRssBytes / 1e6,
      receiver.peakRssBytes / 1e6,
    ]),
  };
}

export function peakBars(huge: HugeDownload): Bar[] {
  return (["source", "receiver"] as const).map((who) => ({
    what: `${nameOf(huge)}: most resident memory of the ${who}, MB`,
    measured: huge[who].peakRssBytes / 1e6,
    atMost: BAR_RSS_MB,
  }));
}

function nameOf({ bytes }: HugeDownload): string {
  return `a sparse game of ${Math.round((bytes / GIB) * 100) / 100} GiB`;
}
