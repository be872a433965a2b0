import { createLogger, type LogEntry, startPeer } from "@lanspread/peer";
import type { RuntimeEvent } from "@lanspread/proto";
import { say, settings, told } from "../../child.ts";
import { cpuSeconds } from "../../cpu.ts";
import { now } from "../../moment.ts";
import type { PeerIsTold, PeerSays, PeerSettings } from "../messages.ts";

// One peer of the party in a process of its own. Says what it sees as soon as it sees it, so that nobody has to ask.

const { name, party, gamesDir, stateDir, meets, peers, gamesPerPeer } = settings<PeerSettings>();
const tell = (message: PeerSays): void => say(message);
const counts = { deltas: 0, snapshots: 0 };
const everything = peers * gamesPerPeer;
let isComplete = false;

const peer = await startPeer({
  ...{ gamesDir, stateDir, name, party, interfaces: ["127.0.0.1"], listen: "127.0.0.1:0" },
  // The party's processes share one machine; no game is moved.
  lanes: 0,
  ...(meets ? {} : { discovery: null }),
  logger: createLogger({ level: "debug", sink: count }),
});
peer.onEvent(look);
tell({ kind: "ready", at: now(), peerId: peer.peerId });
for await (const message of told()) answer(message as PeerIsTold);
await peer.stop();

function look(event: RuntimeEvent): void {
  const at = now();
  if (event.type === "peer-updated") {
    tell({ kind: "heard", at, peerId: event.peerId, rev: event.libraryRev });
  } else if (event.type === "list-games" && !isComplete && event.games.length === everything) {
    isComplete = true;
    tell({ kind: "complete", at });
  } else if (event.type === "local-library-changed") {
    const { games, libraryRev } = event;
    const unhashed = games.filter(({ contentId }) => contentId === null).length;
    const installed = games.filter((game) => game.installed).length;
    tell({ kind: "own", rev: libraryRev, games: games.length, installed, unhashed });
  }
}

function answer({ kind }: PeerIsTold): void {
  if (kind !== "sample") return;
  const used = { cpuSeconds: cpuSeconds(), rssBytes: process.memoryUsage.rss() };
  const { games, peers: others, status } = peer.snapshot();
  const shown = { rev: status.libraryRev, games: games.length, peers: others.length };
  tell({ kind, sample: { ...used, ...shown, ...counts } });
}

/** Every control request leaves a line in the log. */
function count({ fields }: LogEntry): void {
  if (fields["error"] !== undefined) return;
  if (fields["request"] === "library_delta") counts.deltas++;
  if (fields["request"] === "list_games") counts.snapshots++;
}
