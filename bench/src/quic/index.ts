import { DEFAULT_CONGESTION, type TlsOptions } from "@lanspread/quic";
import type { Bar, Bench, BenchContext, Report, Table } from "../bench.ts";
import { median, medianRatio, spread } from "../statistics.ts";
import {
  type Amounts,
  BAR_AGAINST_BINDING,
  BAR_AGAINST_MEMORY,
  BAR_SLOW_CPU,
  ETHERNET_DATAGRAM_BYTES,
  FAST_MBIT,
  FULL,
  LOOPBACK_DATAGRAM_BYTES,
  SHORT,
  SLOW_MBIT,
} from "./constants.ts";
import { createCredentials } from "./credentials.ts";
import { createLink, linkUnavailable } from "./link.ts";
import { type LinkEnds, type Measurement, measure, type Transfer } from "./measure.ts";
import { measureRequests, requestBar, requestTable } from "./requests.ts";

/** The transport against the binding's own classes, and against the native library without sockets. */
export const quicBench: Bench = {
  name: "quic",
  summary: "the transport: MB/s, CPU per GiB, time of a request",
  run,
};

/** A candidate with all that was measured of it, round by round. */
interface Series {
  readonly label: string;
  readonly transfer: Omit<Transfer, "tls" | "signal">;
  readonly measured: Measurement[];
}

/** The default comes first: the bars are its. */
const CONGESTIONS = [DEFAULT_CONGESTION, "reno", "bbr"] as const;

async function run(context: BenchContext): Promise<Report> {
  const amounts = context.short ? SHORT : FULL;
  const tls = await createCredentials();
  const requests = await measureRequests(amounts, tls, context);
  const loopback = loopbackSeries(amounts);
  await runRounds(Object.values(loopback), amounts.rounds, tls, context);
  const unavailable = linkUnavailable();
  const links: LinkSeries[] = [];
  if (unavailable === undefined) {
    for (const mbit of [SLOW_MBIT, FAST_MBIT, null]) {
      using link = createLink(mbit);
      const series = linkSeries(mbit, link, amounts);
      await runRounds(
        Object.values(series).flat(),
        mbit === SLOW_MBIT ? amounts.slowRounds : amounts.rounds,
        tls,
        context,
      );
      links.push({ mbit, ...series });
    }
  }
  const notes = [
    `Medians of ${amounts.rounds} rounds (${amounts.slowRounds} at ${SLOW_MBIT} Mbit/s); in each round every candidate runs once, and ratios are taken within the round. "awake": an idle process per processor keeps it from sleeping.`,
    ...(unavailable === undefined
      ? []
      : [`The links of ${SLOW_MBIT} and ${FAST_MBIT} Mbit/s are missing: ${unavailable}.`]),
  ];
  return {
    bench: "quic",
    tables: [
      requestTable(requests),
      loopbackTable(loopback),
      ...(links.length > 0 ? [linkTable(links)] : []),
    ],
    bars: [requestBar(requests), ...bars(loopback, links)],
    notes,
  };
}

/** What runs over 127.0.0.1, or in memory. */
function loopbackSeries({ fullSpeedBytes, loopbackBytes, bindingBytes }: Amounts) {
  const [small, large] = [ETHERNET_DATAGRAM_BYTES, LOOPBACK_DATAGRAM_BYTES];
  const series = (label: string, transfer: Series["transfer"]): Series => ({ label, transfer, measured: [] });
  const bytes = fullSpeedBytes;
  return {
    ours: series("lanspread", { candidate: "ours", bytes, datagramBytes: small }),
    memory: series("native library in memory, one thread", {
      candidate: "memory",
      bytes,
      datagramBytes: small,
    }),
    binding: series("@matrixai/quic's own streams", {
      candidate: "binding",
      bytes: bindingBytes,
      datagramBytes: small,
    }),
    plain: series("lanspread over node:dgram alone", {
      candidate: "ours",
      bytes,
      datagramBytes: small,
      socket: "dgram",
    }),
    oursLarge: series("lanspread", { candidate: "ours", bytes: loopbackBytes, datagramBytes: large }),
    memoryLarge: series("native library in memory, one thread", {
      candidate: "memory",
      bytes: loopbackBytes,
      datagramBytes: large,
    }),
  };
}

type Loopback = ReturnType<typeof loopbackSeries>;

/** What runs over one link. Full speed is measured once more in the same rounds: what a machine's CPU second is worth drifts. */
function linkSeries(mbit: number | null, link: LinkEnds, amounts: Amounts): Omit<LinkSeries, "mbit"> {
  const slow = mbit === SLOW_MBIT;
  const [congestion] = CONGESTIONS;
  const over = (bytes: number) =>
    ({ candidate: "ours", bytes, datagramBytes: ETHERNET_DATAGRAM_BYTES }) as const;
  const onLink = { ...over(slow ? amounts.slowLinkBytes : amounts.fastLinkBytes), link };
  const onLoopback = { ...over(amounts.fullSpeedBytes), congestion };
  const name = mbit === null ? "not shaped" : `${mbit} Mbit/s`;
  const series = (label: string, transfer: Series["transfer"]): Series => ({ label, transfer, measured: [] });
  return {
    series: CONGESTIONS.map((each) => series(`${name}, ${each}`, { ...onLink, congestion: each })),
    fullSpeed: series(`127.0.0.1, ${congestion}`, onLoopback),
    awake: slow
      ? [
          series(`${name}, ${congestion}, awake`, { ...onLink, congestion, awake: true }),
          series(`127.0.0.1, ${congestion}, awake`, { ...onLoopback, awake: true }),
        ]
      : [],
  };
}

interface LinkSeries {
  /** Null: not shaped. */
  readonly mbit: number | null;
  /** One for each congestion control, the default first. */
  readonly series: readonly Series[];
  /** Both ends on 127.0.0.1, in the same rounds. */
  readonly fullSpeed: Series;
  /** The default and full speed while the processors are kept awake; only for the slow link, where they would sleep. */
  readonly awake: readonly [link: Series, fullSpeed: Series] | readonly [];
}

async function runRounds(
  all: readonly Series[],
  rounds: number,
  tls: TlsOptions,
  context: BenchContext,
): Promise<void> {
  for (let round = 1; round <= rounds; round++) {
    for (const { label, transfer, measured } of all) {
      context.progress(`round ${round} of ${rounds}: ${label}, ${transfer.datagramBytes} bytes`);
      measured.push(await measure({ ...transfer, tls, signal: context.signal }));
    }
  }
}

function loopbackTable(series: Loopback): Table {
  const { memory, memoryLarge, binding } = series;
  return {
    title: "Two processes over 127.0.0.1, one stream",
    columns: ["what", "bytes", "MB/s", "from-to", "CPU s/GiB", "x binding", "x memory"],
    rows: Object.values(series).map((each) => {
      const small = each.transfer.datagramBytes === ETHERNET_DATAGRAM_BYTES;
      const floor = small ? memory : memoryLarge;
      return [
        each.label,
        String(each.transfer.datagramBytes),
        median(rates(each)),
        spread(rates(each)),
        median(cpu(each)),
        small ? medianRatio(rates(each), rates(binding)) : "",
        medianRatio(rates(each), rates(floor)),
      ];
    }),
  };
}

function linkTable(links: readonly LinkSeries[]): Table {
  return {
    title: `Two network namespaces, veth, MTU 1,500, shaped with tbf on both sides, one stream`,
    columns: [
      "link",
      "MB/s",
      "from-to",
      "CPU s/GiB",
      "sender",
      "receiver",
      "x CPU of 127.0.0.1",
      "lost packets",
    ],
    rows: links.flatMap(({ series, fullSpeed, awake: [awakeLink, awakeFullSpeed] }) =>
      [...series, fullSpeed, awakeLink, awakeFullSpeed]
        .filter((each) => each !== undefined)
        .map((each) => [
          each.label,
          median(rates(each)),
          spread(rates(each)),
          median(cpu(each)),
          median(each.measured.map((one) => one.serverCpuPerGib)),
          median(each.measured.map((one) => one.clientCpuPerGib)),
          medianRatio(
            cpu(each),
            cpu(each.transfer.awake === true ? (awakeFullSpeed ?? fullSpeed) : fullSpeed),
          ),
          String(median(each.measured.map((one) => Number(one.server["packetsLost"])))),
        ]),
    ),
  };
}

function bars({ ours, binding, memory }: Loopback, links: readonly LinkSeries[]): Bar[] {
  const [slow, fullSpeed] = links.find(({ mbit }) => mbit === SLOW_MBIT)?.awake ?? [];
  return [
    {
      what: "MB/s, against the binding's own streams",
      measured: medianRatio(rates(ours), rates(binding)),
      atLeast: BAR_AGAINST_BINDING,
    },
    {
      what: "MB/s, against the native library in memory",
      measured: medianRatio(rates(ours), rates(memory)),
      atLeast: BAR_AGAINST_MEMORY,
    },
    {
      what: `CPU per GiB at ${SLOW_MBIT} Mbit/s, against full speed, processors kept awake`,
      measured: slow === undefined || fullSpeed === undefined ? null : medianRatio(cpu(slow), cpu(fullSpeed)),
      atMost: BAR_SLOW_CPU,
    },
  ];
}

function rates({ measured }: Series): number[] {
  return measured.map(({ mbPerS }) => mbPerS);
}

function cpu({ measured }: Series): number[] {
  return measured.map(({ cpuPerGib }) => cpuPerGib);
}
