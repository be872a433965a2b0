import { randomBytes } from "node:crypto";
import { mkdir, statfs } from "node:fs/promises";
import { tmpdir } from "node:os";
import { type Logger, type Peer, type PeerOptions, startPeer } from "@lanspread/peer";
import { temporaryDirectory } from "@lanspread/testkit";
import { CommandError } from "../failure.ts";
import { formatBytes } from "../report/format.ts";
import { BYTES_PER_MB, COPIES, OVERHEAD_BYTES } from "./constants.ts";
import { DEMO_BYTES, PLAYERS } from "./demo-games.ts";
import { type DemoPlaces, makeCatalog, makeGames } from "./make-games.ts";
import { slowSockets } from "./slow-socket.ts";

/** Of the party's name: few demos run at once on one computer. */
const PARTY_BYTES = 3;

export interface DemoOptions {
  /** Rate at which each player sends, MB/s. */
  readonly rate: number;
  readonly logger: Logger;
  readonly signal: AbortSignal;
}

/** A party for somebody who is alone: players with games on this machine, in directories that are removed with it. */
export interface DemoParty extends AsyncDisposable {
  /** What the peer of the one who looks at it is started with. */
  readonly own: Pick<
    PeerOptions,
    "gamesDir" | "stateDir" | "catalog" | "party" | "interfaces" | "listen" | "lanes"
  >;
}

/**
 * Makes the games and starts the players. Every one is a whole peer of this process, found by multicast DNS, with a socket
 * that sends no faster than the rate: nothing of it is left when the process has ended, however it did, but the
 * directories where it was killed.
 *
 * @throws CommandError `disk-full` where there is too little room; PeerError
 */
export async function startDemoParty({ rate, logger, signal }: DemoOptions): Promise<DemoParty> {
  await requireRoom();
  await using resources = new AsyncDisposableStack();
  const dir = resources.use(await temporaryDirectory("lanspread-demo-"));
  const places: DemoPlaces = {
    ownGames: dir.join("you", "games"),
    gamesOf: (player) => dir.join(player, "games"),
    catalog: dir.join("catalog.json"),
    pictures: dir.join("pictures"),
  };
  await mkdir(places.ownGames, { recursive: true });
  await makeCatalog(places);
  await makeGames(places, signal);
  const common = {
    catalog: places.catalog,
    // Of its own in every run: no demo meets another, nor a real party.
    party: `demo-${randomBytes(PARTY_BYTES).toString("hex")}`,
    interfaces: ["127.0.0.1"],
    listen: "127.0.0.1:0",
  };
  const start = async (name: (typeof PLAYERS)[number]): Promise<Peer> => {
    const own = { gamesDir: places.gamesOf(name), stateDir: dir.join(name, "state") };
    const socket = slowSockets(rate * BYTES_PER_MB);
    return await startPeer({ ...common, ...own, name, socket, lanes: 0, logger, signal });
  };
  for (const player of PLAYERS) {
    const peer = await start(player);
    resources.defer(() => peer.stop());
  }
  const owned = resources.move();
  return {
    own: { ...common, gamesDir: places.ownGames, stateDir: dir.join("you", "state") },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

async function requireRoom(): Promise<void> {
  const { bavail, bsize } = await statfs(tmpdir());
  const needed = DEMO_BYTES * COPIES + OVERHEAD_BYTES;
  if (bavail * bsize >= needed) return;
  throw new CommandError({
    code: "disk-full",
    message: `the demo needs ${formatBytes(needed)} in ${tmpdir()}, which has ${formatBytes(bavail * bsize)} free`,
    hint: "Make room, or set TMPDIR to a folder on a larger disk.",
  });
}
