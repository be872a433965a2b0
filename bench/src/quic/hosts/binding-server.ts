import { createHmac, randomBytes } from "node:crypto";
import Logger, { LogLevel } from "@matrixai/logger";
import { events, QUICServer, type QUICStream } from "@matrixai/quic";
import { parentIsDone, say, settings } from "../../child.ts";
import { cpuSeconds } from "../../cpu.ts";
import { BINDING_CHUNK_BYTES, BINDING_WINDOWS } from "../binding-settings.ts";
import { decodeRequest, type Half, type HostSettings, type Ready } from "../messages.ts";

// The sending end with the binding's own server, connection and stream classes.

const { tls, host, datagramBytes } = settings<HostSettings>();

const server = new QUICServer({
  crypto: {
    key: new Uint8Array(randomBytes(32)).buffer,
    ops: {
      sign: async (key, data) => new Uint8Array(digest(key, data)).buffer,
      verify: async (key, data, signature) => digest(key, data).equals(Buffer.from(signature)),
    },
  },
  config: {
    key: tls.key,
    cert: tls.cert,
    verifyPeer: false,
    maxRecvUdpPayloadSize: datagramBytes,
    maxSendUdpPayloadSize: datagramBytes,
    readableChunkSize: BINDING_CHUNK_BYTES,
    ...BINDING_WINDOWS,
  },
  logger: new Logger("server", LogLevel.ERROR, []),
});
server.addEventListener(events.EventQUICServerConnection.name, (event: Event) => {
  if (!(event instanceof events.EventQUICServerConnection)) return;
  event.detail.addEventListener(events.EventQUICConnectionStream.name, (inner: Event) => {
    if (inner instanceof events.EventQUICConnectionStream) void serve(inner.detail);
  });
});
await server.start({ host, port: 0 });
say({ port: server.port } satisfies Ready);
await parentIsDone();
process.exit(0); // its orderly stop waits for peers that are gone

async function serve(stream: QUICStream): Promise<void> {
  const reader = stream.readable.getReader();
  const bytes = decodeRequest((await reader.read()).value ?? new Uint8Array(0));
  reader.releaseLock();
  const [startMs, startCpu] = [performance.now(), cpuSeconds()];
  const writer = stream.writable.getWriter();
  const content = new Uint8Array(BINDING_CHUNK_BYTES).fill(7);
  for (let left = bytes; left > 0; left -= Math.min(left, content.length)) {
    await writer.ready;
    await writer.write(left < content.length ? content.subarray(0, left) : content);
  }
  await writer.close();
  const seconds = (performance.now() - startMs) / 1_000;
  say({ seconds, cpuSeconds: cpuSeconds() - startCpu, bytes, details: {} } satisfies Half);
}

function digest(key: ArrayBuffer, data: ArrayBuffer): Buffer {
  return createHmac("sha256", Buffer.from(key)).update(Buffer.from(data)).digest();
}
