import { randomBytes } from "node:crypto";
import { eventually } from "@lanspread/testkit";
import type { NativeConnection } from "../../src/core/native-types.ts";
import type { Address, DatagramSocket } from "../../src/index.ts";
import { loadNativeLibrary } from "../../src/native.ts";

type ConnectionError = NonNullable<ReturnType<NativeConnection["peerError"]>>;

/** Dials with the bare native library, as nobody does who keeps the rules: it shows no certificate. Returns what the server said. */
export async function dialWithoutCertificate(
  socket: DatagramSocket,
  server: Address,
  alpn: string,
  ca: string,
): Promise<ConnectionError> {
  const library = await loadNativeLibrary();
  const config = library.Config.withBoringSslCtx(true, false, Buffer.from(ca), null, null);
  config.setApplicationProtos([alpn]);
  config.setInitialMaxData(1_000_000);
  const connection = library.Connection.connect(null, randomBytes(16), socket.address, server, config);
  const buffer = Buffer.alloc(1_350);
  const flush = () => {
    for (let sent = connection.send(buffer); sent !== null; sent = connection.send(buffer)) {
      socket.send(buffer.subarray(0, sent[0]), server.host, server.port);
    }
  };
  socket.onMessage((bytes) => {
    connection.recv(bytes, { from: server, to: socket.address });
    flush();
  });
  flush();
  return eventually(() => connection.peerError());
}
