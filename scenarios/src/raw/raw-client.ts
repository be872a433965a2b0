import { readFile } from "node:fs/promises";
import { createInterface } from "node:readline";
import { ALPN, encodeFrame, FrameDecoder, MAX_RESPONSE_BYTES } from "@lanspread/proto";
import { type Connection, createEndpoint, type Stream } from "@lanspread/quic";
import type { RawAnswer, RawOrder } from "./raw-order.ts";

// Somebody with a certificate of the party who sends whatever is ordered: `node raw-client.ts HOST PORT KEY CERT CA`, three PEM files. One
// order per line of stdin, one answer per line of stdout.

/** An answer that does not come is one of its own, ms. */
const ANSWER_DEADLINE_MS = 20_000;

const READ_BYTES = 64 * 1024;

const [host = "", port, ...files] = process.argv.slice(2);
const [key = "", cert = "", ca = ""] = await Promise.all(files.map((path) => readFile(path, "utf8")));
await using endpoint = await createEndpoint({ host: "0.0.0.0", port: 0, tls: { key, cert, ca }, alpn: ALPN });
let connection: Connection = await endpoint.dial({ host, port: Number(port) });
/** Streams that were left open on purpose. */
const left: Stream[] = [];
answer({ ready: true });

for await (const line of createInterface({ input: process.stdin, crlfDelay: Number.POSITIVE_INFINITY })) {
  const order = JSON.parse(line) as RawOrder & { readonly id: number };
  void carryOut(order).then(
    (result) => answer({ id: order.id, ...result }),
    (error: unknown) =>
      answer({ id: order.id, broken: error instanceof Error ? error.message : String(error) }),
  );
}

function answer(result: RawAnswer): void {
  process.stdout.write(`${JSON.stringify(result)}\n`);
}

async function carryOut(order: RawOrder): Promise<RawAnswer> {
  switch (order.kind) {
    case "request":
      return converse(encodeFrame(order.frame), true);
    case "bytes":
      return converse(Buffer.from(order.base64, "base64"), order.finish);
    case "open": {
      let opened = 0;
      for (; opened < order.count; opened++) {
        const stream = await connection
          .openStream({ signal: AbortSignal.timeout(order.withinMs) })
          .catch(() => undefined);
        if (stream === undefined) break;
        left.push(stream);
        // A stream exists for the other side when its first byte has come.
        await stream.write(Uint8Array.of(0)).catch(() => {});
      }
      return { opened };
    }
    case "redial":
      connection.close();
      left.length = 0;
      connection = await endpoint.dial({ host, port: Number(port) });
      return {};
  }
}

/** Sends bytes on a stream of their own and reads to the end of the answer. */
async function converse(bytes: Uint8Array, finish: boolean): Promise<RawAnswer> {
  const stream = await connection.openStream();
  const timer = setTimeout(() => stream.reset(0), ANSWER_DEADLINE_MS);
  try {
    await stream.write(bytes);
    if (finish) stream.finish();
    return await readAnswer(stream);
  } finally {
    clearTimeout(timer);
  }
}

/** The frame that comes first, and how many bytes come behind it. */
async function readAnswer(stream: Stream): Promise<RawAnswer> {
  const decoder = new FrameDecoder(MAX_RESPONSE_BYTES);
  const buffer = new Uint8Array(READ_BYTES);
  let body: Uint8Array | null = null;
  let dataBytes = 0;
  for (let read = await stream.read(buffer); read > 0; read = await stream.read(buffer)) {
    if (body !== null) {
      dataBytes += read;
      continue;
    }
    decoder.push(buffer.subarray(0, read));
    body = decoder.next();
    if (body !== null) dataBytes += decoder.takeRest().length;
  }
  if (body === null) return { broken: "the answer ended without a frame" };
  return { frame: JSON.parse(Buffer.from(body).toString("utf8")) as object, dataBytes };
}
