import { readFile } from "node:fs/promises";
import { createInterface } from "node:readline";
import { setTimeout as delay } from "node:timers/promises";
import { ALPN, encodeFrame, FrameDecoder, MAX_RESPONSE_BYTES } from "@lanspread/proto";
import { type Connection, createEndpoint, type Stream, StreamResetError } from "@lanspread/quic";
import type { RawAnswer, RawOrder } from "./raw-order.ts";

// Somebody with a certificate of the party who sends whatever is ordered: `node raw-client.ts HOST PORT KEY CERT CA`, three PEM files. One
// order per line of stdin, one answer per line of stdout.

/** What nothing has come of until then is given up, ms: far behind the 30 s in which the other side has to break off what does not go on. */
const ANSWER_DEADLINE_MS = 50_000;

const READ_BYTES = 64 * 1024;

const [host = "", port, ...files] = process.argv.slice(2);
const [key = "", cert = "", ca = ""] = await Promise.all(files.map((path) => readFile(path, "utf8")));
await using endpoint = await createEndpoint({ host: "0.0.0.0", port: 0, tls: { key, cert, ca }, alpn: ALPN });
let connection: Connection = await endpoint.dial({ host, port: Number(port) });
/** Streams that were left open on purpose, and that the other side has not ended. */
const held = new Set<Stream>();
answer({ ready: true });

for await (const line of createInterface({ input: process.stdin, crlfDelay: Number.POSITIVE_INFINITY })) {
  const order = JSON.parse(line) as RawOrder & { readonly id: number };
  void carryOut(order).then(
    (result) => answer({ id: order.id, ...result }),
    (error: unknown) => {
      const broken = error instanceof Error ? error.message : String(error);
      const code = error instanceof StreamResetError ? { resetCode: error.code } : {};
      answer({ id: order.id, broken, ...code });
    },
  );
}

function answer(result: RawAnswer): void {
  process.stdout.write(`${JSON.stringify(result)}\n`);
}

async function carryOut(order: RawOrder): Promise<RawAnswer> {
  switch (order.kind) {
    case "request":
      return converse(async (stream) => sendAll(stream, encodeFrame(order.frame)));
    case "bytes":
      return converse(async (stream) => sendAll(stream, Buffer.from(order.base64, "base64")));
    case "drip":
      return converse(async (stream, isOver) => {
        for (const byte of Buffer.from(order.base64, "base64")) {
          if (isOver()) return;
          await stream.write(Uint8Array.of(byte));
          await delay(order.everyMs);
        }
      });
    case "churn":
      return {
        streams: await openMany(order, (stream) => {
          stream.reset(0);
          // Whether the other side ends its own half shows in how many streams it grants.
          void stream.read(new Uint8Array(1)).catch(() => {});
        }),
      };
    case "hold":
      return { streams: await openMany(order, hold) };
    case "held":
      return { streams: held.size };
    case "redial":
      connection.close();
      connection = await endpoint.dial({ host, port: Number(port) });
      return {};
  }
}

/** Opens streams until one is not granted in time. @returns how many there were */
async function openMany(
  { count, withinMs }: { readonly count: number; readonly withinMs: number },
  then: (stream: Stream) => void,
): Promise<number> {
  for (let opened = 0; opened < count; opened++) {
    const stream = await connection
      .openStream({ signal: AbortSignal.timeout(withinMs) })
      .catch(() => undefined);
    if (stream === undefined) return opened;
    // A stream exists for the other side when its first byte has come.
    await stream.write(Uint8Array.of(0)).catch(() => {});
    then(stream);
  }
  return count;
}

function hold(stream: Stream): void {
  held.add(stream);
  const isOver = (): void => void held.delete(stream);
  void stream.read(new Uint8Array(1)).then(isOver, isOver);
}

async function sendAll(stream: Stream, bytes: Uint8Array): Promise<void> {
  await stream.write(bytes);
  stream.finish();
}

/** Sends on a stream of its own and reads to the end of the answer, which may come before everything is sent. */
async function converse(send: (stream: Stream, isOver: () => boolean) => Promise<void>): Promise<RawAnswer> {
  const stream = await connection.openStream();
  let isOver = false;
  let gaveUp = false;
  const timer = setTimeout(() => {
    gaveUp = true;
    stream.reset(0);
    stream.stop(0);
  }, ANSWER_DEADLINE_MS);
  // What keeps it from sending shows to the reader, too.
  void send(stream, () => isOver).catch(() => {});
  try {
    return await readAnswer(stream);
  } catch (error) {
    if (gaveUp) return { gaveUp };
    throw error;
  } finally {
    isOver = true;
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
