/**
 * A peer in a process of its own, for a network namespace. Its one argument is a {@link RateChildOptions} as JSON. It writes its
 * address as the first line; where it is to download, the end event as the second one. It ends with its input.
 */
import { asGameId, type RuntimeEvent } from "@lanspread/proto";
import { eventually } from "@lanspread/testkit";
import { startPeer } from "../../src/index.ts";

export interface RateChildOptions {
  readonly gamesDir: string;
  readonly stateDir: string;
  readonly party: string;
  readonly listen: string;
  /** What to download, and from whom; absent for a source. */
  readonly download?: { readonly gameId: string; readonly from: readonly string[] };
}

const { download, ...options }: RateChildOptions = JSON.parse(process.argv[2] ?? "");
const peer = await startPeer({ ...options, discovery: null, lanes: 1 });
const write = (line: unknown): void => void process.stdout.write(`${JSON.stringify(line)}\n`);
if (download === undefined) await eventually(() => peer.snapshot().localGames[0]?.contentId != null);
write(peer.addr);
if (download !== undefined) {
  const gameId = asGameId(download.gameId);
  const ended = new Promise<RuntimeEvent>((resolve) => {
    peer.onEvent((event) => {
      if (event.type.startsWith("download-f") || event.type === "download-peers-gone") resolve(event);
    });
  });
  for (const addr of download.from) await peer.send({ type: "connect", addr });
  await eventually(() => peer.snapshot().games[0]?.peerCount === download.from.length);
  await peer.send({ type: "download-game-files", gameId, install: false });
  write(await ended);
}
process.stdin.resume().once("end", () => void peer.stop());
