import { type DesktopSnapshot, type PartyView, progressAfter } from "@lanspread/desktop/parts";
import {
  asGameId,
  asPeerId,
  type GameId,
  type GameVersion,
  type ListedGame,
  type ListedPeer,
  type PeerId,
  type RuntimeEvent,
} from "@lanspread/proto";
import { DOWNLOADS, GAMES, PEOPLE } from "./constants.ts";

/** Sources of one download. */
const SOURCES = 4;

const GAME_BYTES = 20_000_000_000;
const [OLD, NEW] = ["20231101", "20240501"] as [GameVersion, GameVersion];

/**
 * A party that nobody has at home: what its app would show. The same every time.
 *
 * @param alone what an app shows that is alone
 */
export function madeUpSnapshot(alone: DesktopSnapshot): DesktopSnapshot {
  const games = Array.from({ length: GAMES }, (_, index) => game(index));
  const operations = games.flatMap(({ id, operation }) =>
    operation === null ? [] : [{ gameId: id, kind: operation }],
  );
  // Where nothing is known of them their bars would move by themselves.
  const progress = operations.map((_, index) => madeUpProgress(index, 0));
  return {
    ...alone,
    status: { ...alone.status, operations },
    games,
    peers: Array.from({ length: PEOPLE - 1 }, (_, index) => peer(index + 1)),
    facts: Object.fromEntries(
      games.map(({ id }, index) => [id, { genre: "Shooter", year: 1990 + (index % 35) }]),
    ),
    progress: progress.reduce(progressAfter, {}),
    settings: { ...alone.settings, welcomed: true },
  };
}

/** What the others of that party have. */
export function madeUpView(): PartyView {
  const members = Array.from({ length: PEOPLE - 1 }, (_, index) => ({
    peerId: peerIdOf(index + 1),
    since: 1,
  }));
  const versions = Array.from({ length: GAMES }, (_, index) => [
    gameIdOf(index),
    members.map((_, column) => ((index + column) % 3 === 0 ? null : (index + column) % 5 === 0 ? OLD : NEW)),
  ]);
  return { members, versions: Object.fromEntries(versions) };
}

/** What a download says of itself. @param step counts up */
export function madeUpProgress(download: number, step: number): RuntimeEvent {
  const bytesPerSecond = 20_000_000 + ((step * 7_919 + download * 104_729) % 10_000_000);
  const doneBytes = (step * 12_345_678 + download * 1_000_000_000) % GAME_BYTES;
  const sources = Array.from({ length: SOURCES }, (_, index) =>
    peerIdOf(1 + ((download + index) % (PEOPLE - 1))),
  );
  return {
    type: "download-progress",
    gameId: gameIdOf(download),
    doneBytes,
    totalBytes: GAME_BYTES,
    bytesPerSecond,
    etaSeconds: (GAME_BYTES - doneBytes) / bytesPerSecond,
    sources: SOURCES,
    rates: Object.fromEntries(sources.map((peerId) => [peerId, bytesPerSecond / SOURCES])),
  };
}

function game(index: number): ListedGame {
  const isHere = index % 4 === 0;
  return {
    id: gameIdOf(index),
    name: `Game ${String(index).padStart(4, "0")} of a long series`,
    version: NEW,
    size: GAME_BYTES / (1 + (index % 9)),
    downloaded: isHere,
    installed: isHere && index % 8 === 0,
    localVersion: isHere ? NEW : null,
    availability: isHere ? "ready" : null,
    peerCount: 1 + (index % (PEOPLE - 1)),
    // The first ones: whoever looks at the library sees them.
    operation: index < DOWNLOADS ? "downloading" : null,
  };
}

function peer(index: number): ListedPeer {
  const name = `Player ${String(index).padStart(2, "0")}`;
  return { peerId: peerIdOf(index), name, addr: `10.0.0.${index}:4000`, libraryRev: 1, gameCount: GAMES / 2 };
}

function gameIdOf(index: number): GameId {
  return asGameId(`game-${String(index).padStart(4, "0")}`);
}

function peerIdOf(index: number): PeerId {
  return asPeerId(`00000000-0000-8000-8000-${String(index).padStart(12, "0")}`);
}
