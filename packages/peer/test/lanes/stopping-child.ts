/**
 * Two peers with lanes; both stop in the middle of a download. Tells what is left of them then, and ends by itself or not at all.
 * The argument is a directory for everything.
 */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { eventually } from "@lanspread/testkit";
import { startPeer } from "../../src/index.ts";
import { offered } from "../runtime/party.ts";
import {
  download,
  GAME,
  isUpOrOver,
  knock,
  makeFirstGame,
  makeLargeGame,
  openFilesBelow,
  piecesOf,
  reachLanes,
  watchThreads,
} from "./support.ts";

const place = process.argv[2] ?? "";
const watch = watchThreads();

async function start(name: string) {
  const gamesDir = join(place, name, "games");
  await mkdir(gamesDir, { recursive: true });
  const common = { name, party: "stopping", lanes: 2, discovery: null, listen: "127.0.0.1:0" } as const;
  if (name === "source") {
    await makeLargeGame(gamesDir);
    await makeFirstGame(gamesDir);
  }
  return startPeer({ ...common, gamesDir, stateDir: join(place, name, "state"), interfaces: ["127.0.0.1"] });
}

const [source, receiver] = [await start("source"), await start("receiver")];
await knock([source, receiver].flatMap((peer) => peer.snapshot().status.lanes));
await eventually(() => watch.threads.length === 4 && watch.threads.every(isUpOrOver));
await receiver.send({ type: "connect", addr: source.addr });
await offered({ peer: receiver }, GAME);
await reachLanes({ peer: receiver }, watch.threads);
let finished = false;
receiver.onEvent(({ type }) => {
  finished ||= type === "download-finished";
});
const moving = Promise.withResolvers<void>();
watch.onTold = () => {
  if (piecesOf(watch.threads) >= 2) moving.resolve();
};
await download({ peer: receiver });
await moving.promise;
await Promise.all([receiver.stop(), source.stop()]);
const open = openFilesBelow(place);
const threads = watch.threads.filter(({ isOver }) => !isOver).length;
watch[Symbol.dispose]();
process.stdout.write(JSON.stringify({ open, threads, finished }));
