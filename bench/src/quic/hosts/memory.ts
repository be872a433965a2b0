import { randomBytes } from "node:crypto";
import type { TlsOptions } from "@lanspread/quic";
import quiche from "@matrixai/quic/native/quiche.js";
import type { Config, Connection } from "@matrixai/quic/native/types.js";
import { say, settings } from "../../child.ts";
import { cpuSeconds } from "../../cpu.ts";
import { BENCH_ALPN, READ_BYTES, WRITE_BYTES } from "../constants.ts";
import type { Half, HostSettings } from "../messages.ts";

// The floor: two native connections in one process, each packet handed from one to the other. No socket, no timer, no promise.

const { tls, datagramBytes, congestion, bytes, warmUpBytes } = settings<HostSettings>();

/** The windows that `@lanspread/quic` grants. */
const STREAM_WINDOW_BYTES = 8 * 1024 * 1024;
const CONNECTION_WINDOW_BYTES = 16 * 1024 * 1024;

/** Packets handed over before the receiver reads and acknowledges. */
const BURST = 64;

const clientAddress = { host: "127.0.0.1", port: 1111 };
const serverAddress = { host: "127.0.0.1", port: 2222 };
const toServer = { from: clientAddress, to: serverAddress };
const toClient = { from: serverAddress, to: clientAddress };
const id = () => randomBytes(16);
const client = quiche.Connection.connect(null, id(), clientAddress, serverAddress, config(tls));
const server = quiche.Connection.accept(id(), null, serverAddress, clientAddress, config(tls));
const packet = new Uint8Array(datagramBytes);
const buffer = new Uint8Array(READ_BYTES);
const content = new Uint8Array(WRITE_BYTES).fill(7);

while (!client.isEstablished() || !server.isEstablished()) {
  hand(client, server, toServer, BURST);
  hand(server, client, toClient, BURST);
}
fetchBytes(0, warmUpBytes);
const [startMs, startCpu] = [performance.now(), cpuSeconds()];
fetchBytes(4, bytes);
const seconds = (performance.now() - startMs) / 1_000;
const { sent, lost } = server.stats();
const details = { packetsSent: sent, packetsLost: lost };
say({ seconds, cpuSeconds: cpuSeconds() - startCpu, bytes, details } satisfies Half);

function fetchBytes(stream: number, count: number): void {
  client.streamSend(stream, Uint8Array.of(1), true);
  hand(client, server, toServer, BURST);
  server.streamRecv(stream, buffer);
  let left = count;
  let got = 0;
  for (let finished = false; !finished; ) {
    while (left > 0) {
      const part = left < content.length ? content.subarray(0, left) : content;
      const taken = server.streamSend(stream, part, left <= content.length);
      if (taken === null || taken === 0) break;
      left -= taken;
    }
    hand(server, client, toClient, BURST);
    while (client.streamReadable(stream)) {
      const read = client.streamRecv(stream, buffer);
      if (read === null) break;
      got += read[0];
      finished ||= read[1];
      if (finished) break;
    }
    hand(client, server, toServer, BURST);
    if (server.timeout() === 0) server.onTimeout();
    if (client.timeout() === 0) client.onTimeout();
  }
  if (got !== count) throw new Error(`${got} bytes came instead of ${count}`);
}

function hand(from: Connection, to: Connection, info: typeof toServer, atMost: number): void {
  for (let i = 0; i < atMost; i++) {
    const sent = from.send(packet);
    if (sent === null) return;
    to.recv(packet.subarray(0, sent[0]), info);
  }
}

function config({ ca, key, cert }: TlsOptions): Config {
  const text = new TextEncoder();
  const made = quiche.Config.withBoringSslCtx(
    true,
    false,
    text.encode(ca),
    [text.encode(key)],
    [text.encode(cert)],
  );
  made.setApplicationProtos([BENCH_ALPN]);
  made.setMaxIdleTimeout(30_000);
  made.setMaxRecvUdpPayloadSize(datagramBytes);
  made.setMaxSendUdpPayloadSize(datagramBytes);
  made.setInitialMaxData(CONNECTION_WINDOW_BYTES);
  made.setMaxConnectionWindow(CONNECTION_WINDOW_BYTES);
  made.setInitialMaxStreamDataBidiLocal(STREAM_WINDOW_BYTES);
  made.setInitialMaxStreamDataBidiRemote(STREAM_WINDOW_BYTES);
  made.setMaxStreamWindow(STREAM_WINDOW_BYTES);
  made.setInitialMaxStreamsBidi(256);
  made.setCcAlgorithmName(congestion);
  made.enablePacing(false);
  made.grease(false);
  return made;
}
