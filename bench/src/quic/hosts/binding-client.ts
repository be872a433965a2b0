import { randomFillSync } from "node:crypto";
import Logger, { LogLevel } from "@matrixai/logger";
import { QUICClient } from "@matrixai/quic";
import { parentIsDone, say, settings } from "../../child.ts";
import { cpuSeconds } from "../../cpu.ts";
import { BINDING_CHUNK_BYTES, BINDING_WINDOWS } from "../binding-settings.ts";
import { encodeRequest, type Half, type HostSettings } from "../messages.ts";

// The receiving end with the binding's own client, connection and stream classes.

const { host, port, datagramBytes, bytes, warmUpBytes } = settings<HostSettings>();

const client = await QUICClient.createQUICClient({
  host,
  port,
  crypto: { ops: { randomBytes: async (data) => void randomFillSync(new Uint8Array(data)) } },
  config: {
    verifyPeer: false,
    maxRecvUdpPayloadSize: datagramBytes,
    maxSendUdpPayloadSize: datagramBytes,
    readableChunkSize: BINDING_CHUNK_BYTES,
    ...BINDING_WINDOWS,
  },
  logger: new Logger("client", LogLevel.ERROR, []),
});
if (warmUpBytes > 0) await fetchBytes(warmUpBytes);
const [startMs, startCpu] = [performance.now(), cpuSeconds()];
await fetchBytes(bytes);
const seconds = (performance.now() - startMs) / 1_000;
say({ seconds, cpuSeconds: cpuSeconds() - startCpu, bytes, details: {} } satisfies Half);
await parentIsDone();
process.exit(0);

async function fetchBytes(count: number): Promise<void> {
  const stream = client.connection.newStream();
  const writer = stream.writable.getWriter();
  await writer.write(encodeRequest(count));
  await writer.close();
  let got = 0;
  for await (const part of stream.readable) got += part.length;
  if (got !== count) throw new Error(`${got} bytes came instead of ${count}`);
}
