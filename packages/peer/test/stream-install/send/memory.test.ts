import { eventually } from "@lanspread/testkit";
import { expect, it, vi } from "vitest";
import { startSendingPeer } from "./sending-peer.ts";

const MIB = 1024 * 1024;

/** Many times what a sender may take, in one file, so that whatever is kept of it shows. */
const GAME_BYTES = 768 * MIB;

/** What a streamed install may take beside what a peer takes anyway: a thread, its ring, and what is on its way. */
const STREAM_BYTES = 120 * MIB;

// Many times the bytes of any other test: on a machine under load they take minutes.
vi.setConfig({ testTimeout: 300_000 });

it("a sender takes no more memory for a large game, and has nothing left of it", async () => {
  await using sender = await startSendingPeer([{ name: "big.bin", content: { zeros: GAME_BYTES } }]);
  const idle = await sender.report();
  const stream = await sender.ask();
  const buffer = Buffer.alloc(MIB);
  let bytes = 0;
  let end = "";
  for (let count = await stream.read(buffer); count > 0; count = await stream.read(buffer)) {
    bytes += count;
    end = (end + buffer.toString("latin1", Math.max(0, count - 100), count)).slice(-100);
  }
  expect(bytes).toBeGreaterThan(GAME_BYTES);
  expect(end).toContain(`{"type":"complete","files":1,"bytes":${GAME_BYTES}}`);
  const { maxRssBytes } = await sender.report();
  expect(maxRssBytes - idle.maxRssBytes).toBeLessThan(STREAM_BYTES);
  await eventually(async () => {
    const { outbound, threads } = await sender.report();
    return Object.keys(outbound).length === 0 && threads === 0;
  });
});
