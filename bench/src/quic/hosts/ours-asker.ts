import { endWithParent, say, settings } from "../../child.ts";
import { median } from "../../statistics.ts";
import { ANSWER_BYTES } from "../constants.ts";
import { type AskerSettings, encodeRequest, type RoundTrips } from "../messages.ts";
import { createDialler } from "./ours.ts";

// Asks for a few bytes, again and again, one after the other, on a connection that carries nothing else.

const given = settings<AskerSettings>();
const { host, port, requests } = given;

endWithParent();

await using endpoint = await createDialler(given);
const connection = await endpoint.dial({ host, port });
const buffer = new Uint8Array(2 * ANSWER_BYTES);

for (let i = 0; i < requests / 4; i++) await ask();
const times: number[] = [];
for (let i = 0; i < requests; i++) {
  const startMs = performance.now();
  await ask();
  times.push(performance.now() - startMs);
}
say({ medianMs: median(times) ?? Number.NaN } satisfies RoundTrips);
connection.close();
process.stdin.pause();

async function ask(): Promise<void> {
  const stream = await connection.openStream();
  await stream.write(encodeRequest(ANSWER_BYTES));
  stream.finish();
  let got = 0;
  for (let n = 1; n > 0; got += n) n = await stream.read(buffer);
  if (got !== ANSWER_BYTES) throw new Error(`${got} bytes came instead of ${ANSWER_BYTES}`);
}
