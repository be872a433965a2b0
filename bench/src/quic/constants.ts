/** UDP payload over Ethernet: an MTU of 1,500 less the IPv4 and UDP headers. Every comparison is made with it. */
export const ETHERNET_DATAGRAM_BYTES = 1_472;

/** Largest datagram the native library writes: what the endpoint chooses on loopback. */
export const LOOPBACK_DATAGRAM_BYTES = 16_383;

/** The slow link, in Mbit/s: the slowest Ethernet that a party may still have. */
export const SLOW_MBIT = 100;

/** The fast link, in Mbit/s: what a party has. */
export const FAST_MBIT = 1_000;

/** Bytes a shaper lets through at once: two ticks of a 250 Hz kernel at 100 Mbit/s, one at 1 Gbit/s would not do. */
export const SHAPER_BURST_BYTES: Readonly<Record<number, number>> = {
  [SLOW_MBIT]: 64 * 1024,
  [FAST_MBIT]: 640 * 1024,
};

/** How long a datagram may wait in the shaper before it is dropped, in ms: a switch's buffer. */
export const SHAPER_LATENCY_MS = 50;

/** Bytes handed to one write. */
export const WRITE_BYTES = 256 * 1024;

/** Room for one read. */
export const READ_BYTES = 1024 * 1024;

/** One transfer is made beforehand with this share of the bytes, so that the code is compiled and the window open. */
export const WARM_UP_SHARE = 1 / 4;

/** Application protocol of the benchmark. */
export const BENCH_ALPN = "lanspread-bench";

/** What ours has to reach against the binding's own stream classes. */
export const BAR_AGAINST_BINDING = 40;

/** What ours has to reach against the bare native library in memory. */
export const BAR_AGAINST_MEMORY = 0.55;

/** How much more CPU a byte may cost on the slow link than at full speed. */
export const BAR_SLOW_CPU = 2;

/** How much longer a small request may take than over node:dgram: what makes bulk fast must not cost those who only ask. */
export const BAR_REQUEST = 1.5;

/** Bytes of the answer to a small request. */
export const ANSWER_BYTES = 200;

const MIB = 1024 * 1024;

/** How much is sent, how often. Compiling the code costs 0.3 s of CPU whatever the link, so no amount is small. Rounds alternate between the candidates, since a machine's speed drifts. */
export interface Amounts {
  readonly rounds: number;
  /** Small requests, after a quarter as many that are not counted. */
  readonly requests: number;
  readonly fullSpeedBytes: number;
  readonly loopbackBytes: number;
  readonly bindingBytes: number;
  readonly slowRounds: number;
  readonly slowLinkBytes: number;
  readonly fastLinkBytes: number;
}

export const FULL: Amounts = {
  rounds: 7,
  requests: 4_000,
  slowRounds: 3,
  fullSpeedBytes: 512 * MIB,
  loopbackBytes: 1024 * MIB,
  bindingBytes: 32 * MIB,
  slowLinkBytes: 192 * MIB,
  fastLinkBytes: 256 * MIB,
};

/** Just enough to see that everything runs. */
export const SHORT: Amounts = {
  rounds: 1,
  requests: 100,
  slowRounds: 1,
  fullSpeedBytes: 4 * MIB,
  loopbackBytes: 4 * MIB,
  bindingBytes: MIB / 4,
  slowLinkBytes: MIB,
  fastLinkBytes: 4 * MIB,
};
