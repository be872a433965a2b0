import { mkdir } from "node:fs/promises";
import { dirname } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { GameId, Manifest, PeerId, StruckOutSource } from "@lanspread/proto";
import { fromNodeError } from "../../errors/index.ts";
import { type InstallStep, type StepHook, stageAndPromote, type UnpackedFile } from "../../install/index.ts";
import { createRunStep } from "../../install/step.ts";
import { type Logger, silentLogger, UNPACK_LOGGER } from "../../logger.ts";
import { flushDirectory, type StateDir } from "../../storage/index.ts";
import type { RawChannel } from "../../transfer/index.ts";
import { receiveFailure, sourcesFailure } from "./attempt-failure.ts";
import { LATER_PAUSE_MS, MAX_LATER_ROUNDS, MAX_SOURCES_TRIED } from "./constants.ts";
import { expectedArchives } from "./expected-archives.ts";
import { createPieceCheck } from "./piece-check.ts";
import { type ReceiveStreamOptions, receiveStream, type StreamProgress } from "./receive-stream.ts";
import { requireStreamable } from "./require-streamable.ts";
import { SourceFault } from "./source-fault.ts";

/** A peer that stands behind the manifest. */
export interface StreamSource {
  readonly peerId: PeerId;
  readonly channel: RawChannel;
}

/** The steps of a streamed install: those of an install, and behind `record-staging` `make-root`, where there is no root. */
export type StreamInstallStep = InstallStep | "make-root";

/** What a streamed install does at the moment: receives, or writes everything through to the disk. */
export type StreamPhase = "streaming" | "flushing";

export interface StreamInstallProgress {
  readonly phase: StreamPhase;
  /** Bytes of files that have come; back to 0 when another source begins. */
  readonly doneBytes: number;
  /** Bytes of all files, an estimate until the last archive has begun; 0 before the first. */
  readonly totalBytes: number;
  /** Who sends; left out when everything has come. */
  readonly from?: PeerId;
}

export interface StreamInstallOptions
  extends Pick<ReceiveStreamOptions, "signal" | "noProgressMs" | "firstFrameMs"> {
  readonly gameId: GameId;
  /** Absolute path of the game root. It need not be there; the games directory must be. */
  readonly root: string;
  readonly stateDir: StateDir;
  /** What the sources agree on. */
  readonly manifest: Manifest;
  /** Digests of all pieces, 32 bytes each; null where nobody knows them. */
  readonly digests: Uint8Array | null;
  /** In the order in which they are asked. Of those that fail there are {@link MAX_SOURCES_TRIED} at most. */
  readonly sources: readonly StreamSource[];
  readonly logger?: Logger;
  /** Called whenever something has come. */
  readonly onProgress?: (progress: StreamInstallProgress) => void;
  /** Milliseconds before sources are asked again that were busy. */
  readonly laterPauseMs?: number;
  /** As of an install; every source that is asked goes through the steps anew. */
  readonly onStep?: StepHook<StreamInstallStep>;
}

export interface StreamInstallResult {
  /** Files in `local/`. */
  readonly files: number;
  /** Their bytes. */
  readonly bytes: number;
  /** Who has sent them. */
  readonly peerId: PeerId;
  /** Who was asked before, and what was wrong. */
  readonly failed: readonly StruckOutSource[];
}

/**
 * Installs a game that is not here: a source sends its files unpacked, and they become `local/`, all or nothing. The
 * archives are never stored. Nobody else may work on the game meanwhile.
 *
 * Where a source does not send it to its end the next one begins anew, in a fresh directory. Those that are busy (they send
 * as much as they can at the moment) are asked again where nobody else is left. A game root that was made for this is
 * removed again where nothing came of it and nobody has put anything into it.
 *
 * @throws PeerError `already-downloaded`, `already-installed`, `already-exists` (something of the user's is at the reserved
 *   name), `not-a-directory`; `disk-full` with both numbers; `verification` or `stream-failed`, saying what was
 *   wrong with each source; the signal's reason, and others of the disk, naming the file.
 */
export async function streamInstallGame(options: StreamInstallOptions): Promise<StreamInstallResult> {
  const { root, signal, logger = silentLogger } = options;
  try {
    return await fromSources(options, logger);
  } catch (error) {
    if (signal?.aborted === true) throw signal.reason;
    throw fromNodeError(error, root);
  }
}

async function fromSources(options: StreamInstallOptions, logger: Logger): Promise<StreamInstallResult> {
  const { gameId, signal } = options;
  const failed: Failed[] = [];
  let asked = options.sources;
  for (let round = 0; ; round++) {
    const later: Failed[] = [];
    for (const source of asked) {
      if (failed.length === MAX_SOURCES_TRIED) break;
      signal?.throwIfAborted();
      try {
        const files = await fromSource(source, options, logger);
        return {
          files: files.length,
          bytes: files.reduce((sum, { size }) => sum + size, 0),
          peerId: source.peerId,
          failed: failed.map(({ source: { peerId }, fault: { message } }) => ({ peerId, why: message })),
        };
      } catch (error) {
        if (!(error instanceof SourceFault)) throw error;
        (error.later ? later : failed).push({ source, fault: error });
        tell(logger, gameId, source.peerId, error);
      }
    }
    if (later.length === 0 || failed.length === MAX_SOURCES_TRIED || round === MAX_LATER_ROUNDS) {
      throw sourcesFailure(
        gameId,
        [...failed, ...later].map(({ source, fault }) => [source.peerId, fault] as const),
      );
    }
    await delay(options.laterPauseMs ?? LATER_PAUSE_MS, undefined, signal === undefined ? {} : { signal });
    asked = later.map(({ source }) => source);
  }
}

interface Failed {
  readonly source: StreamSource;
  readonly fault: SourceFault;
}

function tell(logger: Logger, gameId: GameId, peerId: PeerId, { later, message, cause }: SourceFault): void {
  if (later) logger.debug("a source is to be asked again", { gameId, peerId, why: message });
  else {
    logger.warn("a source did not send the game to its end", { gameId, peerId, why: message, error: cause });
    logger.child(UNPACK_LOGGER).warn("what has come is thrown away", { gameId, peerId, why: message });
  }
}

/** The whole game from one source. */
async function fromSource(
  { peerId: from, channel }: StreamSource,
  options: StreamInstallOptions,
  logger: Logger,
): Promise<readonly UnpackedFile[]> {
  const { rootIsThere } = await requireStreamable({ ...options, logger });
  const { gameId, root, stateDir, manifest, digests, signal, onProgress } = options;
  const expected = expectedArchives(manifest);
  const cancellable = signal === undefined ? {} : { signal };
  let last: StreamProgress = { doneBytes: 0, totalBytes: 0, knownBytes: 0 };
  onProgress?.({ phase: "streaming", doneBytes: 0, totalBytes: 0, from });
  const step = createRunStep(options.onStep);
  return stageAndPromote({
    gameId,
    root,
    stateDir,
    logger,
    ...cancellable,
    step,
    ...(rootIsThere ? {} : { makeRoot: () => step("make-root", () => makeRoot(root)) }),
    neededBytes: () => last.knownBytes,
    fill: async (staging) => {
      const files = await receiveStream({
        channel,
        gameId,
        manifestHash: manifest.manifest_hash,
        expected,
        pieces: digests === null || expected.kind === "archives" ? null : createPieceCheck(manifest, digests),
        staging,
        logger,
        ...cancellable,
        ...(options.noProgressMs === undefined ? {} : { noProgressMs: options.noProgressMs }),
        ...(options.firstFrameMs === undefined ? {} : { firstFrameMs: options.firstFrameMs }),
        onProgress: (progress) => {
          last = progress;
          const { doneBytes, totalBytes } = progress;
          onProgress?.({ phase: "streaming", doneBytes, totalBytes, from });
        },
      }).catch((error: unknown) => {
        throw receiveFailure(error, signal);
      });
      return { version: manifest.version, files };
    },
    onFlush: () =>
      onProgress?.({ phase: "flushing", doneBytes: last.doneBytes, totalBytes: last.totalBytes }),
  });
}

async function makeRoot(root: string): Promise<void> {
  try {
    await mkdir(root);
  } catch (error) {
    throw fromNodeError(error, root);
  }
  await flushDirectory(dirname(root));
}
