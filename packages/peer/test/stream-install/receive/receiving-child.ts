/**
 * A peer in a process of its own that installs one game from another peer, and says how much memory it took: when it was
 * idle, and at most.
 *
 *     node receiving-child.ts GAMES_DIR STATE_DIR PARTY ADDRESS GAME_ID
 */
import { asGameId, type RuntimeEvent } from "@lanspread/proto";
import { peakRssBytes } from "@lanspread/testkit";
import { startPeer } from "../../../src/index.ts";

/** What the child prints when it is done. */
export interface ReceiverReport {
  readonly end: RuntimeEvent;
  readonly idleRssBytes: number;
  readonly maxRssBytes: number;
}

const [gamesDir, stateDir, party, addr, id] = process.argv.slice(2);
if (gamesDir === undefined || stateDir === undefined || party === undefined || addr === undefined) {
  throw new Error("GAMES_DIR, STATE_DIR, PARTY or ADDRESS is missing");
}
const gameId = asGameId(id ?? "");
const peer = await startPeer({
  gamesDir,
  stateDir,
  party,
  name: "receiver",
  discovery: null,
  listen: "127.0.0.1:0",
  lanes: 0,
});
await peer.send({ type: "connect", addr });
const idleRssBytes = peakRssBytes();
const ended = Promise.withResolvers<RuntimeEvent>();
peer.onEvent((event) => {
  if (event.type === "stream-install-finished" || event.type === "stream-install-failed")
    ended.resolve(event);
});
await peer.send({ type: "stream-install-game", gameId });
const report: ReceiverReport = { end: await ended.promise, idleRssBytes, maxRssBytes: peakRssBytes() };
process.stdout.write(JSON.stringify(report));
await peer.stop();
