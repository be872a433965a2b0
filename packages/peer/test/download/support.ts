import { createHash } from "node:crypto";
import { mkdir, open, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import {
  type Answer,
  asGameId,
  asPeerId,
  contentId,
  type GameVersion,
  gameVersionSchema,
  type Manifest,
  manifestHash,
  type PeerId,
  pieceSizeFor,
  type Request,
} from "@lanspread/proto";
import { seededBytes, type TemporaryDirectory, temporaryDirectory } from "@lanspread/testkit";
import { expect } from "vitest";
import {
  type DownloadOptions,
  type DownloadSource,
  downloadGame,
  type FinishedChunk,
  type ProgressSample,
} from "../../src/download/index.ts";
import { sortPaths } from "../../src/library/sort-paths.ts";
import { createLogger, type LogEntry } from "../../src/logger.ts";
import { openStateDir, SENTINEL_NAME, type StateDir } from "../../src/storage/index.ts";
import type { DataAnswer, RequestChannel } from "../../src/transfer/index.ts";

export const GGOO = asGameId("ggoo");
export const VERSION: GameVersion = gameVersionSchema.parse("20180412");
export const MIB = 1024 * 1024;

/** Files of a game: path → content. */
export type Files = Readonly<Record<string, string | Uint8Array>>;

/** A game as a source has it: real files, and what is announced of them. */
export interface SourceGame {
  readonly root: string;
  readonly files: ReadonlyMap<string, Buffer>;
  readonly manifest: Manifest;
  readonly digests: Uint8Array;
}

export async function createSourceGame(
  root: string,
  files: Files,
  version: GameVersion = VERSION,
): Promise<SourceGame> {
  const contents = new Map(Object.entries(files).map(([path, content]) => [path, Buffer.from(content)]));
  // The sentinel last, as everybody brings it: a peer that watches the place offers nothing half made as the new version.
  const sentinelLast = [...contents].sort(
    ([one], [other]) => Number(one === SENTINEL_NAME) - Number(other === SENTINEL_NAME),
  );
  for (const [path, content] of sentinelLast) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), content);
  }
  const list = (
    await sortPaths(
      [...contents].map(([path, { length }]) => ({
        path,
        size: length,
        mtimeNs: "0",
      })),
    )
  ).map(({ path, size }) => ({ path, size }));
  const pieceSize = pieceSizeFor(list);
  const digests: Buffer[] = [];
  for (const { path } of list) {
    const content = contents.get(path) ?? Buffer.alloc(0);
    for (let offset = 0; offset < content.length; offset += pieceSize) {
      digests.push(
        createHash("sha256")
          .update(content.subarray(offset, offset + pieceSize))
          .digest(),
      );
    }
  }
  const hash = manifestHash(version, list);
  const all = Buffer.concat(digests);
  return {
    root,
    files: contents,
    digests: all,
    manifest: {
      game_id: GGOO,
      version,
      manifest_hash: hash,
      content_id: contentId(hash, all),
      piece_size: pieceSize,
      files: list,
    },
  };
}

/** What a source does beside answering. Every hook may wait, throw, or change. */
export interface Behaviour {
  /** Called with every request before it is answered; an answer that it returns is given instead. */
  readonly onRequest?: (request: Request, signal: AbortSignal | undefined) => Promise<Answer | undefined>;
  /** Changes bytes on their way; what it returns is sent. */
  readonly onBytes?: (path: string, offset: number, bytes: Buffer) => Promise<Buffer> | Buffer;
}

export interface TestSource extends DownloadSource {
  /** Every request that came. */
  readonly requests: Request[];
  /** Answers whose bytes are not yet read to the end, nor cancelled. */
  openAnswers(): number;
}

/** Bytes that one read gives at most: as a stream gives what has come. */
const READ_BYTES = 100_000;

/** A source that reads its answers from a real disk. */
export function createSource(peerId: PeerId, game: SourceGame, behaviour: Behaviour = {}): TestSource {
  const requests: Request[] = [];
  const open = new Set<object>();
  const answerData = async (request: Request, signal?: AbortSignal): Promise<DataAnswer> => {
    signal?.throwIfAborted();
    requests.push(request);
    const instead = await behaviour.onRequest?.(request, signal);
    const raw = instead === undefined ? await answerOf(request, game, behaviour) : { answer: instead };
    const token = {};
    open.add(token);
    let rest = raw.bytes ?? Buffer.alloc(0);
    return {
      answer: raw.answer,
      read: async (into, options) => {
        options?.signal?.throwIfAborted();
        await Promise.resolve();
        const count = Math.min(into.length, rest.length, READ_BYTES);
        into.set(rest.subarray(0, count));
        rest = rest.subarray(count);
        if (count === 0) open.delete(token);
        return count;
      },
      cancel: () => open.delete(token),
    };
  };
  const channel: RequestChannel = {
    request: async (request, options) => {
      const data = await answerData(request, options?.signal);
      data.cancel();
      return data.answer;
    },
    requestData: (request, options) => answerData(request, options?.signal),
  };
  return { peerId, channel, requests, openAnswers: () => open.size };
}

async function answerOf(
  request: Request,
  game: SourceGame,
  behaviour: Behaviour,
): Promise<{ readonly answer: Answer; readonly bytes?: Buffer }> {
  switch (request.type) {
    case "get_game":
      return { answer: { type: "game", manifest: game.manifest } };
    case "get_piece_hashes":
      return {
        answer: { type: "piece_hashes", count: game.digests.length / 32 },
        bytes: Buffer.from(game.digests),
      };
    case "get_game_file_chunk": {
      const { path, offset, length } = request;
      await using file = await open(join(game.root, path));
      const bytes = Buffer.alloc(length);
      await file.read(bytes, 0, length, offset);
      return {
        answer: { type: "file_data", size: length },
        bytes: (await behaviour.onBytes?.(path, offset, bytes)) ?? bytes,
      };
    }
    default:
      throw new Error(`no source of a test answers ${request.type}`);
  }
}

/** Pieces that were asked for, over all requests. */
export function askedPieces(source: TestSource, game: SourceGame): number {
  return source.requests.reduce(
    (sum, request) =>
      sum +
      (request.type === "get_game_file_chunk" ? Math.ceil(request.length / game.manifest.piece_size) : 0),
    0,
  );
}

export function peer(number: number): PeerId {
  return asPeerId(`00000000-0000-8000-8000-${String(number).padStart(12, "0")}`);
}

/** Directories of a downloader, and what a download of theirs says. */
export interface DownloadRig extends AsyncDisposable {
  readonly dir: TemporaryDirectory;
  readonly gamesDir: string;
  readonly root: string;
  readonly stateDir: StateDir;
  readonly log: LogEntry[];
  readonly chunks: FinishedChunk[];
  readonly samples: ProgressSample[];
  readonly calls: string[];
  options(
    game: SourceGame,
    sources: readonly DownloadSource[],
    more?: Partial<DownloadOptions>,
  ): DownloadOptions;
  download(
    game: SourceGame,
    sources: readonly DownloadSource[],
    more?: Partial<DownloadOptions>,
  ): ReturnType<typeof downloadGame>;
  game(files: Files, version?: GameVersion): Promise<SourceGame>;
}

export async function createRig(): Promise<DownloadRig> {
  const dir = await temporaryDirectory();
  const gamesDir = dir.join("games");
  await mkdir(gamesDir);
  const stateDir = await openStateDir(dir.join("state"));
  const log: LogEntry[] = [];
  const chunks: FinishedChunk[] = [];
  const samples: ProgressSample[] = [];
  const calls: string[] = [];
  let games = 0;
  const options: DownloadRig["options"] = (game, sources, more = {}) => ({
    gameId: GGOO,
    root: join(gamesDir, GGOO),
    gamesDir,
    manifest: game.manifest,
    digests: game.digests,
    sources,
    stateDir,
    logger: createLogger({ level: "debug", sink: (entry) => log.push(entry) }),
    onChunk: (chunk) => chunks.push(chunk),
    onProgress: (sample) => samples.push(sample),
    onBegin: () => calls.push("begin"),
    beforeTouch: async () => {
      calls.push("before-touch");
    },
    ...more,
  });
  return {
    dir,
    gamesDir,
    root: join(gamesDir, GGOO),
    stateDir,
    log,
    chunks,
    samples,
    calls,
    options,
    download: (game, sources, more) => downloadGame(options(game, sources, more)),
    game: (files, version) => {
      games += 1;
      return createSourceGame(dir.join(`source-${games}`), files, version);
    },
    [Symbol.asyncDispose]: () => dir[Symbol.asyncDispose](),
  };
}

/** Whether every file of the game is on disk as the source has it. */
export async function hasWholeGame(root: string, game: SourceGame): Promise<boolean> {
  for (const [path, content] of game.files) {
    if (!(await readFile(join(root, path))).equals(content)) return false;
  }
  return true;
}

/** Length of the archive of {@link createRigWithGame}, MiB: some requests, and a piece each. */
export const ARCHIVE_MIB = 20;

/** A rig, and a game of one archive for it. */
export async function createRigWithGame(): Promise<{ readonly rig: DownloadRig; readonly game: SourceGame }> {
  const rig = await createRig();
  const game = await rig.game({
    "version.ini": "20180412",
    "game.eti": seededBytes(5, ARCHIVE_MIB * MIB),
  });
  return { rig, game };
}

/** A copy with one bit flipped. */
export function flipped(bytes: Buffer, at = bytes.length - 1): Buffer {
  const wrong = Buffer.from(bytes);
  wrong[at] = (wrong[at] ?? 0) ^ 1;
  return wrong;
}

/** A game of an archive, a file in a folder, and its sentinel. */
export const SMALL_GAME = {
  "version.ini": "20180412",
  "game.eti": seededBytes(3, 6 * MIB),
  "data/a": "payload",
};

/** The download is refused with this code and a word of this path, before anything is asked for or touched. */
export async function expectRefusal(
  rig: DownloadRig,
  game: SourceGame,
  code: string,
  path: string,
): Promise<void> {
  const source = createSource(peer(1), game);
  await expect(rig.download(game, [source])).rejects.toMatchObject({
    code,
    message: expect.stringContaining(path),
  });
  expect(rig.calls).toEqual([]);
  expect(source.requests).toEqual([]);
}
