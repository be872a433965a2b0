import { DEFAULT_CONGESTION, type TlsOptions } from "@lanspread/quic";
import { keepAwake } from "../awake.ts";
import { beside } from "../beside.ts";
import { Child } from "../child.ts";
import { WARM_UP_SHARE } from "./constants.ts";
import type { Half, HostSettings, Ready } from "./messages.ts";

/** One transfer from one process to another (or within one, for the floor). */
export interface Transfer {
  readonly candidate: "ours" | "binding" | "memory";
  readonly tls: TlsOptions;
  readonly bytes: number;
  readonly datagramBytes: number;
  readonly congestion?: HostSettings["congestion"];
  readonly socket?: HostSettings["socket"];
  /** Where the two ends run. Default: both on 127.0.0.1. */
  readonly link?: LinkEnds;
  /** Keep the processors awake meanwhile. */
  readonly awake?: boolean;
  readonly signal: AbortSignal;
}

/** Two places with a wire between them. */
export interface LinkEnds {
  readonly serverHost: string;
  readonly serverPrefix: readonly string[];
  readonly clientPrefix: readonly string[];
}

export interface Measurement {
  /** Millions of bytes per second, as the receiving end sees it. */
  readonly mbPerS: number;
  /** Both ends together. */
  readonly cpuPerGib: number;
  readonly serverCpuPerGib: number;
  readonly clientCpuPerGib: number;
  readonly server: Half["details"];
  readonly client: Half["details"];
}

const LOOPBACK: LinkEnds = { serverHost: "127.0.0.1", serverPrefix: [], clientPrefix: [] };
const GIB = 1024 ** 3;

/** Programs that are started as processes of their own. */
const HOSTS = {
  memory: beside(import.meta.url, "./hosts/memory"),
  "ours-server": beside(import.meta.url, "./hosts/ours-server"),
  "ours-client": beside(import.meta.url, "./hosts/ours-client"),
  "binding-server": beside(import.meta.url, "./hosts/binding-server"),
  "binding-client": beside(import.meta.url, "./hosts/binding-client"),
};

/** Runs one transfer in processes of its own. Rejects when one of them fails. */
export async function measure(transfer: Transfer): Promise<Measurement> {
  const { candidate, signal, link = LOOPBACK } = transfer;
  await using _ = transfer.awake === true ? keepAwake(signal) : null;
  const common: HostSettings = {
    tls: transfer.tls,
    host: link.serverHost,
    port: 0,
    datagramBytes: transfer.datagramBytes,
    congestion: transfer.congestion ?? DEFAULT_CONGESTION,
    socket: transfer.socket ?? "fastest",
    bytes: transfer.bytes,
    warmUpBytes: Math.floor(transfer.bytes * WARM_UP_SHARE),
  };
  if (candidate === "memory") {
    await using only = new Child({ module: HOSTS.memory, settings: common, signal });
    const half = (await only.says()) as Half;
    return combine(half, { ...half, cpuSeconds: 0 });
  }
  await using server = new Child({
    prefix: link.serverPrefix,
    module: HOSTS[`${candidate}-server`],
    settings: common,
    signal,
  });
  const { port } = (await server.says()) as Ready;
  await using client = new Child({
    prefix: link.clientPrefix,
    module: HOSTS[`${candidate}-client`],
    settings: { ...common, port },
    signal,
  });
  const received = (await client.says()) as Half;
  let sent = (await server.says()) as Half;
  // The binding reports every stream: the warm-up comes first.
  if (sent.bytes !== received.bytes) sent = (await server.says()) as Half;
  return combine(sent, received);
}

function combine(sent: Half, received: Half): Measurement {
  const perGib = GIB / received.bytes;
  return {
    mbPerS: received.bytes / 1e6 / received.seconds,
    cpuPerGib: (sent.cpuSeconds + received.cpuSeconds) * perGib,
    serverCpuPerGib: sent.cpuSeconds * perGib,
    clientCpuPerGib: received.cpuSeconds * perGib,
    server: sent.details,
    client: received.details,
  };
}
