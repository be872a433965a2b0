import { setImmediate as nextTurn } from "node:timers/promises";
import { eventually, seededBytes } from "@lanspread/testkit";
import { describe, expect, it } from "vitest";
import { type Connection, createEndpoint } from "../src/index.ts";
import { createParty } from "./support/party.ts";

/** Small ones are acknowledged while the large ones still fill the congestion window. */
const SIZES = [4_194_304, 1_048_576, 157_280, 9, 1, 2_000_000];
const STEP_BYTES = 65_536;
const ROUNDS = 10;

describe("the end of a stream", () => {
  it("arrives when it is said long after the last byte, however busy the connection is", async () => {
    const party = await createParty();
    const options = { host: "127.0.0.1", port: 0, alpn: "test" };
    await using server = await createEndpoint({ ...options, tls: await party.member() });
    await using client = await createEndpoint({ ...options, tls: await party.member() });
    const content = seededBytes(1, Math.max(...SIZES));
    server.onConnection((connection) =>
      connection.onStream((stream) => {
        const serve = async (): Promise<void> => {
          const request = Buffer.alloc(4);
          while ((await stream.read(request)) > 0);
          const size = request.readUInt32BE();
          for (let offset = 0; offset < size; offset += STEP_BYTES) {
            await stream.write(content.subarray(offset, Math.min(offset + STEP_BYTES, size)));
          }
          for (let turn = 0; turn < 3; turn++) await nextTurn();
          stream.finish();
        };
        void serve();
      }),
    );
    const connection = await client.dial(server.address);
    for (let round = 0; round < ROUNDS; round++) {
      const answers = await Promise.all(SIZES.map((size) => ask(connection, size)));
      for (const [index, size] of SIZES.entries()) {
        expect(answers[index]?.equals(content.subarray(0, size)), `${size} bytes`).toBe(true);
      }
    }
    // The last acknowledgements may be on their way.
    await eventually(() => connection.stats().openStreams === 0);
  });
});

/** Everything up to the end of the answer. */
async function ask(connection: Connection, size: number): Promise<Buffer> {
  const stream = await connection.openStream();
  const request = Buffer.alloc(4);
  request.writeUInt32BE(size);
  await stream.write(request);
  stream.finish();
  const answer = Buffer.alloc(size + 1);
  let filled = 0;
  for (;;) {
    const count = await stream.read(answer.subarray(filled));
    if (count === 0) return answer.subarray(0, filled);
    filled += count;
  }
}
