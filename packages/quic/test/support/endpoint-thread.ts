/** A thread with an endpoint: it echoes, and asks who it is told to ask, whose echo it tells. */
import { parentPort, workerData } from "node:worker_threads";
import { createEndpoint, type TlsOptions } from "../../src/index.ts";
import { ALPN, ask, echo } from "./pair.ts";

export type ToEndpoint =
  | { readonly type: "ask"; readonly port: number; readonly bytes: Uint8Array }
  | { readonly type: "close" };
export type FromEndpoint =
  | { readonly type: "ready"; readonly port: number }
  | { readonly type: "echo"; readonly bytes: Uint8Array };

const port = parentPort;
if (port === null) throw new Error("this file is a thread");
const tell = (message: FromEndpoint): void => port.postMessage(message);
const endpoint = await createEndpoint({
  host: "127.0.0.1",
  port: 0,
  tls: workerData as TlsOptions,
  alpn: ALPN,
});
endpoint.onConnection(echo);
port.on("message", (message: ToEndpoint) => {
  if (message.type === "close") void endpoint.close().then(() => port.close());
  else void askAndTell(message.port, message.bytes);
});
tell({ type: "ready", port: endpoint.address.port });

async function askAndTell(at: number, bytes: Uint8Array): Promise<void> {
  const connection = await endpoint.dial({ host: "127.0.0.1", port: at });
  tell({ type: "echo", bytes: await ask(connection, bytes) });
  connection.close();
}
