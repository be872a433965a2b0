/**
 * Many threads with endpoints come and go, some by themselves and some ended from outside in the middle of their work; in a process of its
 * own, which a fault of the native library may end. Prints how many echoes came and what is left in the place for temporary files.
 */
import { once } from "node:events";
import { readdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { Worker } from "node:worker_threads";
import { createEndpoint } from "../../src/index.ts";
import type { FromEndpoint, ToEndpoint } from "./endpoint-thread.ts";
import { ALPN, ask, echo } from "./pair.ts";
import { createParty } from "./party.ts";

export interface StormReport {
  readonly echoes: number;
  readonly left: readonly string[];
}

/** Three at once: with two the library had no fault. */
const AT_ONCE = 3;
const ROUNDS = 10;
const QUESTION_BYTES = 50_000;

const party = await createParty();
const tls = await party.member();
const main = await createEndpoint({ host: "127.0.0.1", port: 0, tls, alpn: ALPN });
main.onConnection(echo);
let echoes = 0;

for (let round = 0; round < ROUNDS; round += 1) {
  const threads = await Promise.all(Array.from({ length: AT_ONCE }, start));
  const ports = [...threads.map(({ port }) => port), main.address.port];
  await Promise.all(
    threads.map(async ({ worker }) => {
      for (const port of ports) {
        const bytes = new Uint8Array(QUESTION_BYTES).fill(round);
        worker.postMessage({ type: "ask", port, bytes } satisfies ToEndpoint);
        const answer = await heard(worker, "echo");
        if (Buffer.compare(answer.bytes, bytes) !== 0) throw new Error("another echo");
        echoes += 1;
      }
    }),
  );
  // Nobody asks the others any more.
  await Promise.all(
    threads.map(async ({ worker }, index) => {
      const connection = await main.dial({ host: "127.0.0.1", port: ports[index] ?? 0 });
      await ask(connection, new Uint8Array(QUESTION_BYTES));
      echoes += 1;
      const ended = once(worker, "exit");
      if ((round + index) % 2 === 0) worker.postMessage({ type: "close" } satisfies ToEndpoint);
      else await worker.terminate();
      await ended;
      connection.close();
    }),
  );
}
await main.close();
const left = readdirSync(tmpdir()).filter((name) => name.startsWith("lanspread-quic-"));
process.stdout.write(JSON.stringify({ echoes, left } satisfies StormReport));

async function start(): Promise<{ readonly worker: Worker; readonly port: number }> {
  const worker = new Worker(new URL("./endpoint-thread.ts", import.meta.url), { workerData: tls });
  const { port } = await heard(worker, "ready");
  return { worker, port };
}

async function heard<Type extends FromEndpoint["type"]>(
  worker: Worker,
  type: Type,
): Promise<Extract<FromEndpoint, { type: Type }>> {
  const [message] = (await once(worker, "message")) as [FromEndpoint];
  if (message.type !== type) throw new Error(`${message.type} where ${type} was expected`);
  return message as Extract<FromEndpoint, { type: Type }>;
}
