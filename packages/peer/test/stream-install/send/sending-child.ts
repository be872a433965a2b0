/**
 * A peer that shares the games of a directory, in a process of its own. It prints where it listens; for each line that it
 * reads it prints how much memory it ever took, and what it is doing.
 *
 *     node sending-child.ts GAMES_DIR STATE_DIR PARTY
 */
import { createInterface } from "node:readline";
import { peakRssBytes } from "@lanspread/testkit";
import { startPeer } from "../../../src/index.ts";
import { unpackingThreads } from "./threads.ts";

const [gamesDir, stateDir, party] = process.argv.slice(2);
if (gamesDir === undefined || stateDir === undefined || party === undefined) {
  throw new Error("GAMES_DIR, STATE_DIR or PARTY is missing");
}
const peer = await startPeer({
  gamesDir,
  stateDir,
  party,
  name: "sender",
  discovery: null,
  listen: "127.0.0.1:0",
});
const { addr } = peer.snapshot().status;
process.stdout.write(`${JSON.stringify({ addr })}\n`);
for await (const _ of createInterface({ input: process.stdin })) {
  const { outboundTransfers } = peer.snapshot().status;
  const report = {
    maxRssBytes: peakRssBytes(),
    outbound: outboundTransfers,
    threads: unpackingThreads(),
  };
  process.stdout.write(`${JSON.stringify(report)}\n`);
}
await peer.stop();
