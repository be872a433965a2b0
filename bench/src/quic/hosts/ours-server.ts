import { createDgramSocket, createEndpoint, type Stream } from "@lanspread/quic";
import { parentIsDone, say, settings } from "../../child.ts";
import { cpuSeconds } from "../../cpu.ts";
import { BENCH_ALPN, WRITE_BYTES } from "../constants.ts";
import { decodeRequest, type Half, type HostSettings, type Ready } from "../messages.ts";

// The sending end: answers each request with so many bytes, and reports the last transfer when the connection is closed.

const { tls, host, port, datagramBytes, congestion, socket } = settings<HostSettings>();

await using endpoint = await createEndpoint({
  host,
  port,
  tls,
  alpn: BENCH_ALPN,
  congestion,
  maxDatagramBytes: datagramBytes,
  ...(socket === "dgram" ? { socket: createDgramSocket } : {}),
});

const content = new Uint8Array(WRITE_BYTES).fill(7);
let last: { readonly atMs: number; readonly cpu: number; readonly bytes: number } | undefined;

endpoint.onConnection((connection) => {
  connection.onStream((stream) => void serve(stream));
  void connection.closed.then(() => {
    if (last === undefined) return;
    const seconds = (performance.now() - last.atMs) / 1_000;
    const { packetsSent, packetsLost } = connection.stats();
    const { rounds, socket } = endpoint.stats();
    const details = {
      packetsSent,
      packetsLost,
      rounds,
      socket: socket.kind,
      sleeps: process.resourceUsage().voluntaryContextSwitches,
    };
    say({ seconds, cpuSeconds: cpuSeconds() - last.cpu, bytes: last.bytes, details } satisfies Half);
  });
});
say({ port: endpoint.address.port } satisfies Ready);
await parentIsDone();

async function serve(stream: Stream): Promise<void> {
  const request = new Uint8Array(64);
  const bytes = decodeRequest(request.subarray(0, await stream.read(request)));
  last = { atMs: performance.now(), cpu: cpuSeconds(), bytes };
  for (let left = bytes; left > 0; left -= Math.min(left, content.length)) {
    await stream.write(left < content.length ? content.subarray(0, left) : content);
  }
  stream.finish();
}
