import { DEFAULT_CONGESTION, type TlsOptions } from "@lanspread/quic";
import type { Bar, BenchContext, Table } from "../bench.ts";
import { beside } from "../beside.ts";
import { Child } from "../child.ts";
import { median, medianRatio, spread } from "../statistics.ts";
import { type Amounts, BAR_REQUEST, ETHERNET_DATAGRAM_BYTES } from "./constants.ts";
import type { AskerSettings, HostSettings, Ready, RoundTrips } from "./messages.ts";

/** Median times of a small request and its answer in ms, one for each round, over the fastest socket and over node:dgram. */
export type RequestTimes = Readonly<Record<HostSettings["socket"], number[]>>;

const HOSTS = {
  server: beside(import.meta.url, "./hosts/ours-server"),
  asker: beside(import.meta.url, "./hosts/ours-asker"),
};

/** Measures requests between two processes over 127.0.0.1, on both sockets in turns. */
export async function measureRequests(
  { rounds, requests }: Amounts,
  tls: TlsOptions,
  { progress, signal }: BenchContext,
): Promise<RequestTimes> {
  const times: RequestTimes = { fastest: [], dgram: [] };
  for (let round = 1; round <= rounds; round++) {
    for (const socket of ["fastest", "dgram"] as const) {
      progress(`round ${round} of ${rounds}: requests, socket ${socket}`);
      times[socket].push(await measureOnce({ tls, socket, requests, signal }));
    }
  }
  return times;
}

interface Once extends Pick<AskerSettings, "tls" | "socket" | "requests"> {
  readonly signal: AbortSignal;
}

async function measureOnce({ signal, ...rest }: Once): Promise<number> {
  const common: AskerSettings = {
    ...rest,
    host: "127.0.0.1",
    port: 0,
    datagramBytes: ETHERNET_DATAGRAM_BYTES,
    congestion: DEFAULT_CONGESTION,
    bytes: 0,
    warmUpBytes: 0,
  };
  await using server = new Child({ module: HOSTS.server, settings: common, signal });
  const { port } = (await server.says()) as Ready;
  await using asker = new Child({ module: HOSTS.asker, settings: { ...common, port }, signal });
  return ((await asker.says()) as RoundTrips).medianMs;
}

export function requestTable({ fastest, dgram }: RequestTimes): Table {
  return {
    title: "Small requests, one after the other, two processes over 127.0.0.1",
    columns: ["what", "ms", "from-to", "x node:dgram"],
    rows: [
      ["lanspread", median(fastest), spread(fastest), medianRatio(fastest, dgram)],
      ["lanspread over node:dgram alone", median(dgram), spread(dgram), 1],
    ],
  };
}

export function requestBar({ fastest, dgram }: RequestTimes): Bar {
  return {
    what: "time of a small request, against node:dgram",
    measured: medianRatio(fastest, dgram),
    atMost: BAR_REQUEST,
  };
}
