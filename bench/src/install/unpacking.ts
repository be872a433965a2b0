import { createReadStream, createWriteStream } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import type { Bar, Table } from "../bench.ts";
import { beside } from "../beside.ts";
import { Child } from "../child.ts";
import { endedChildrenCpuSeconds } from "../cpu.ts";
import type { Copies } from "../download/copies.ts";
import { median, medianRatio, spread } from "../statistics.ts";
import type { BenchArchive, makeArchives } from "./archives.ts";
import { BAR_COMPRESSED, BAR_STORED } from "./constants.ts";
import type { Unpacked, UnpackSettings } from "./messages.ts";
import { type Program, runProgram } from "./programs.ts";

const HOST = beside(import.meta.url, "./hosts/unpack");
const GIB = 1024 ** 3;
const MIB = 1024 ** 2;
const OURS = "lanspread";

/** What one archive took once. */
interface Unpacking {
  readonly mbPerS: number;
  /** Seconds per GiB of content; null where nobody counts them. */
  readonly cpu: number | null;
  /** Null where it is not one process of ours. */
  readonly peakRssBytes: number | null;
}

/** One way to unpack one archive, and what was measured of it. */
export interface UnpackSeries {
  readonly archive: BenchArchive;
  readonly label: string;
  /** A program of others that does all of it by itself. */
  readonly isOther: boolean;
  readonly run: () => Promise<Unpacking>;
  readonly measured: Unpacking[];
}

export interface UnpackingOptions {
  readonly archives: Awaited<ReturnType<typeof makeArchives>>;
  readonly programs: readonly Program[];
  /** Where everything is unpacked to. */
  readonly directory: string;
  readonly copies: Copies;
  readonly signal: AbortSignal;
}

/** Every way to unpack every archive. */
export function unpackSeries(options: UnpackingOptions): UnpackSeries[] {
  const { archives, programs, directory, copies, signal } = options;
  const into = join(directory, "unpacked");
  const fresh = async (): Promise<string> => {
    await copies.makeRoomFor(into);
    await mkdir(into);
    return into;
  };
  const ours = async ({ path }: BenchArchive, program: string | null): Promise<Unpacking> => {
    const used = endedChildrenCpuSeconds();
    const settings: UnpackSettings = { archive: path, into: await fresh(), program };
    await using child = new Child({ module: HOST, settings, signal });
    const { bytes, seconds, cpuSeconds, peakRssBytes } = (await child.says()) as Unpacked;
    await child[Symbol.asyncDispose]();
    // With another program its time is that of all processes.
    const cpu =
      program === null ? cpuSeconds : used === null ? null : (endedChildrenCpuSeconds() ?? 0) - used;
    return { mbPerS: bytes / 1e6 / seconds, cpu: cpu === null ? null : (cpu * GIB) / bytes, peakRssBytes };
  };
  const timed = async (bytes: number, run: (into: string) => Promise<unknown>): Promise<Unpacking> => {
    const place = await fresh();
    const [startMs, used] = [performance.now(), endedChildrenCpuSeconds()];
    await run(place);
    const seconds = (performance.now() - startMs) / 1_000;
    const cpu = used === null ? null : ((endedChildrenCpuSeconds() ?? 0) - used) * (GIB / bytes);
    return { mbPerS: bytes / 1e6 / seconds, cpu, peakRssBytes: null };
  };
  return Object.values(archives).flatMap((archive) => {
    const series = (label: string, isOther: boolean, run: () => Promise<Unpacking>): UnpackSeries => ({
      ...{ archive, label, isOther, run },
      measured: [],
    });
    return [
      series(OURS, false, () => ours(archive, null)),
      ...programs
        .filter(({ usable }) => usable)
        .map(({ path, label }) => series(`${OURS} with ${label}`, false, () => ours(archive, path))),
      ...programs.map((program) =>
        series(program.label, true, () =>
          timed(archive.bytes, (place) => runProgram(program, archive.path, place, signal)),
        ),
      ),
      ...(archive === archives.stored
        ? [
            series("a plain copy of the archive", false, async () => ({
              ...(await timed(archive.bytes, (place) => copy(archive.path, join(place, "copy"), signal))),
              // It is this process that copies.
              cpu: null,
            })),
          ]
        : []),
    ];
  });
}

/** What reading and writing so many bytes takes, and nothing else. */
function copy(from: string, to: string, signal: AbortSignal): Promise<void> {
  const large = { highWaterMark: MIB };
  return pipeline(createReadStream(from, large), createWriteStream(to, large), { signal });
}

export function unpackTable(all: readonly UnpackSeries[]): Table {
  return {
    title: "Unpacking the same archives, MB/s of what comes out",
    columns: ["archive", "what", "MB/s", "from-to", "CPU s/GiB", "most memory, MB", "x lanspread"],
    rows: all.map((one) => [
      one.archive.label,
      one.label,
      median(rates(one)),
      spread(rates(one)),
      median(known(one.measured.map(({ cpu }) => cpu))),
      median(known(one.measured.map(({ peakRssBytes }) => peakRssBytes)).map((bytes) => bytes / 1e6)),
      ratio(one, oursOf(all, one.archive)),
    ]),
  };
}

export function unpackBars(all: readonly UnpackSeries[], { archives }: UnpackingOptions): Bar[] {
  const against = (archive: BenchArchive): number | null => {
    const ours = oursOf(all, archive);
    const ratios = all
      .filter((one) => one.archive === archive && one.isOther)
      .map((other) => ratio(ours, other));
    return known(ratios).toSorted((a, b) => a - b)[0] ?? null;
  };
  return [
    {
      what: "MB/s of unpacking what is stored, against the fastest other program",
      measured: against(archives.stored),
      atLeast: BAR_STORED,
    },
    {
      what: "MB/s of unpacking what is compressed, against the fastest other program",
      measured: against(archives.compressed),
      atLeast: BAR_COMPRESSED,
    },
  ];
}

function oursOf(all: readonly UnpackSeries[], archive: BenchArchive): UnpackSeries | undefined {
  return all.find((one) => one.archive === archive && one.label === OURS);
}

function ratio(above: UnpackSeries | undefined, below: UnpackSeries | undefined): number | null {
  return above === undefined || below === undefined ? null : medianRatio(rates(above), rates(below));
}

function rates({ measured }: UnpackSeries): number[] {
  return measured.map(({ mbPerS }) => mbPerS);
}

function known(values: readonly (number | null)[]): number[] {
  return values.filter((value) => value !== null);
}
