import { endWithParent, say, settings } from "../../child.ts";
import { cpuSeconds } from "../../cpu.ts";
import { READ_BYTES } from "../constants.ts";
import { encodeRequest, type Half, type HostSettings } from "../messages.ts";
import { createDialler } from "./ours.ts";

// The receiving end: fetches the warm-up, then the measured bytes, and reports.

const given = settings<HostSettings>();
const { host, port, bytes, warmUpBytes } = given;

endWithParent();

await using endpoint = await createDialler(given);
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
