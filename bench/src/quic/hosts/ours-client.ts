import { createDgramSocket, createEndpoint } from "@lanspread/quic";
import { say, settings } from "../../child.ts";
import { cpuSeconds } from "../../cpu.ts";
import { BENCH_ALPN, READ_BYTES } from "../constants.ts";
import { encodeRequest, type Half, type HostSettings } from "../messages.ts";

// The receiving end: fetches the warm-up, then the measured bytes, and reports.

const { tls, host, port, datagramBytes, congestion, socket, bytes, warmUpBytes } = settings<HostSettings>();

// The parent's end of our input closes when it is gone: then nobody needs us.
process.stdin.on("end", () => process.exit(0)).resume();

await using endpoint = await createEndpoint({
  host: "0.0.0.0",
  port: 0,
  tls,
  alpn: BENCH_ALPN,
  congestion,
  maxDatagramBytes: datagramBytes,
  ...(socket === "dgram" ? { socket: createDgramSocket } : {}),
});
const connection = await endpoint.dial({ host, port });
const buffer = new Uint8Array(READ_BYTES);

await fetchBytes(warmUpBytes);
const [startMs, startCpu, startRounds] = [performance.now(), cpuSeconds(), endpoint.stats().rounds];
await fetchBytes(bytes);
const seconds = (performance.now() - startMs) / 1_000;
const { datagramsReceived, rounds } = endpoint.stats();
const details = {
  datagramsReceived,
  rounds: rounds - startRounds,
  socket: endpoint.stats().socket.kind,
  sleeps: process.resourceUsage().voluntaryContextSwitches,
};
say({ seconds, cpuSeconds: cpuSeconds() - startCpu, bytes, details } satisfies Half);
connection.close();
process.stdin.pause();

async function fetchBytes(count: number): Promise<void> {
  const stream = await connection.openStream();
  await stream.write(encodeRequest(count));
  stream.finish();
  let got = 0;
  for (let n = 1; n > 0; got += n) n = await stream.read(buffer);
  if (got !== count) throw new Error(`${got} bytes came instead of ${count}`);
}
