import { join } from "node:path";
import { contentId, type GameId, type GameVersion, type Hash, pieceSizeFor } from "@lanspread/proto";
import { PeerError, toPeerError } from "../errors/index.ts";
import { ROOTS_AT_ONCE } from "../library/constants.ts";
import { mapLimited } from "../library/map-limited.ts";
import { createPieceHasher, type PieceHasher } from "../library/piece-hasher.ts";
import { listRoots } from "../library/roots.ts";
import { MAX_CATALOG_GAMES } from "./constants.ts";
import { isSameGame, type ReadGame, readRoot } from "./read-root.ts";

/** What the disk alone says of a game. */
export interface MeasuredGame {
  readonly id: GameId;
  readonly version: GameVersion;
  /** Bytes of the payload. */
  readonly size: number;
  readonly contentId: Hash;
}

/** A game that could not be measured. */
export interface FailedGame {
  readonly id: GameId;
  readonly error: PeerError;
}

export interface MeasuredGames {
  /** By id. */
  readonly games: readonly MeasuredGame[];
  /** By id. */
  readonly failed: readonly FailedGame[];
  /** A sentence each: what is no game or no part of one, and why. */
  readonly skipped: readonly string[];
}

/** How far the hashing is. */
export interface MeasureProgress {
  /** The game that is being hashed. */
  readonly gameId: GameId;
  /** Bytes of all games. */
  readonly doneBytes: number;
  readonly totalBytes: number;
  /** Mean since the start; null until something is known. */
  readonly bytesPerSecond: number | null;
  readonly etaSeconds: number | null;
}

export interface MeasureOptions {
  /** Absolute path of the directory with the game roots. */
  readonly gamesDir: string;
  readonly signal?: AbortSignal;
  readonly onSkipped?: (sentence: string) => void;
  readonly onFailed?: (game: FailedGame) => void;
  readonly onProgress?: (progress: MeasureProgress) => void;
}

/**
 * Finds the games of a directory as the library does, and hashes every one of them: this takes as long as the disk takes
 * to read them all. A game that changes meanwhile is a failed one.
 *
 * @throws PeerError `no-such-directory`, `not-a-directory`, `no-permission` of the directory itself, and `bad-request` where
 *   it has more games than a catalog may have; what the signal was aborted with.
 */
export async function measureGames(options: MeasureOptions): Promise<MeasuredGames> {
  const { gamesDir, signal } = options;
  const failed: FailedGame[] = [];
  const fail = (id: GameId, error: unknown): null => {
    signal?.throwIfAborted();
    const game = { id, error: toPeerError(error) };
    failed.push(game);
    options.onFailed?.(game);
    return null;
  };
  const roots = await listRoots(gamesDir);
  const read = await mapLimited(
    roots.ids,
    ROOTS_AT_ONCE,
    (id) => readRoot(gamesDir, id, signal).catch((error: unknown) => fail(id, error)),
    signal,
  );
  const skipped = [
    ...roots.warnings,
    ...read.flatMap((game) => (game === null ? [] : "reason" in game ? [game.reason] : game.leftOut)),
  ];
  const found = read.filter((game) => game !== null && "files" in game);
  for (const sentence of skipped) options.onSkipped?.(sentence);
  if (found.length > MAX_CATALOG_GAMES) {
    const [has, may] = [found.length, MAX_CATALOG_GAMES];
    throw new PeerError("bad-request", `${gamesDir} has ${has} games, a catalog has at most ${may}`);
  }

  const games: MeasuredGame[] = [];
  const hasher = createPieceHasher();
  const report = reporter(found, options.onProgress);
  try {
    for (const game of found) {
      report(game, 0);
      const measured = await measure(hasher, game, (bytes) => report(game, bytes), options).catch(
        (error: unknown) => fail(game.id, error),
      );
      report(game, game.size);
      if (measured !== null) games.push(measured);
    }
  } finally {
    await hasher.close();
  }
  return { games, failed: failed.sort((a, b) => (a.id < b.id ? -1 : 1)), skipped };
}

/** @throws PeerError also where the game is another one at the end than it was at the start. */
async function measure(
  hasher: PieceHasher,
  game: ReadGame,
  onProgress: (bytes: number) => void,
  { gamesDir, signal }: MeasureOptions,
): Promise<MeasuredGame> {
  const { id, root, version, files, size } = game;
  const outcome = await hasher.hash(
    { root, files, pieceSize: pieceSizeFor(files) },
    { onProgress, ...(signal === undefined ? {} : { signal }) },
  );
  if (outcome.status === "changed") throw changed(join(root, outcome.path));
  // A file that was hashed early may have changed while later ones were: only what is the same now was one content.
  if (!isSameGame(game, await readRoot(gamesDir, id, signal))) throw changed(root);
  return { id, version, size, contentId: contentId(game.manifestHash, outcome.digests) };
}

function changed(path: string): PeerError {
  return new PeerError("operation-in-progress", `${path} changed while it was hashed`, {
    hint: "Build the catalog again when nothing writes into the game's folder.",
  });
}

/** Turns the bytes of one game into the progress of all. */
function reporter(
  found: readonly ReadGame[],
  onProgress: MeasureOptions["onProgress"],
): (game: ReadGame, bytes: number) => void {
  const before = new Map<GameId, number>();
  let totalBytes = 0;
  for (const { id, size } of found) {
    before.set(id, totalBytes);
    totalBytes += size;
  }
  const start = performance.now();
  return ({ id }, bytes) => {
    const doneBytes = (before.get(id) ?? 0) + bytes;
    const seconds = (performance.now() - start) / 1000;
    const rate = doneBytes > 0 && seconds > 0 ? doneBytes / seconds : null;
    const etaSeconds = rate === null ? null : (totalBytes - doneBytes) / rate;
    onProgress?.({ gameId: id, doneBytes, totalBytes, bytesPerSecond: rate, etaSeconds });
  };
}
