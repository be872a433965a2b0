import { mkdir } from "node:fs/promises";
import { dirname } from "node:path";
import type { GameId, Manifest, PeerId, StruckOutSource } from "@lanspread/proto";
import { fromNodeError } from "../../errors/index.ts";
import { type InstallStep, type StepHook, stageAndPromote, type UnpackedFile } from "../../install/index.ts";
import { createRunStep } from "../../install/step.ts";
import { type Logger, silentLogger } from "../../logger.ts";
import { flushDirectory, type StateDir } from "../../storage/index.ts";
import type { RawChannel } from "../../transfer/index.ts";
import { receiveFailure, sourcesFailure } from "./attempt-failure.ts";
import { MAX_SOURCES_TRIED } from "./constants.ts";
import { expectedArchives } from "./expected-archives.ts";
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
}

export interface StreamInstallOptions
  extends Pick<ReceiveStreamOptions, "signal" | "noProgressMs" | "firstFrameMs"> {
  readonly gameId: GameId;
  /** Absolute path of the game root. It need not be there; the games directory must be. */
  readonly root: string;
  readonly stateDir: StateDir;
  /** What the sources agree on. */
  readonly manifest: Manifest;
  /** In the order in which they are asked, {@link MAX_SOURCES_TRIED} at most. */
  readonly sources: readonly StreamSource[];
  readonly logger?: Logger;
  /** Called whenever something has come. */
  readonly onProgress?: (progress: StreamInstallProgress) => void;
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
 * Where a source does not send it to its end the next one begins anew, in a fresh directory. A game root that was made for this is
 * removed again where nothing came of it and nobody has put anything into it.
 *
 * @throws PeerError `already-downloaded`, `already-installed`, `already-exists` (something of the user's is at the reserved
 *   name), `not-a-directory`; `disk-full` with both numbers; `verification` or `stream-failed`, saying what was
 *   wrong with each source; the signal's reason, and others of the disk, naming the file.
 */
export async function streamInstallGame(options: StreamInstallOptions): Promise<StreamInstallResult> {
  const { gameId, root, sources, signal, logger = silentLogger } = options;
  const faults: [peerId: PeerId, fault: SourceFault][] = [];
  try {
    for (const source of sources.slice(0, MAX_SOURCES_TRIED)) {
      signal?.throwIfAborted();
      const { rootIsThere } = await requireStreamable({ ...options, logger });
      try {
        const files = await fromSource(source, options, rootIsThere, logger);
        return {
          files: files.length,
          bytes: files.reduce((sum, { size }) => sum + size, 0),
          peerId: source.peerId,
          failed: faults.map(([peerId, { message }]) => ({ peerId, why: message })),
        };
      } catch (error) {
        if (!(error instanceof SourceFault)) throw error;
        faults.push([source.peerId, error]);
        logger.warn("a source did not send the game to its end", {
          gameId,
          peerId: source.peerId,
          why: error.message,
          error: error.cause,
        });
      }
    }
    throw sourcesFailure(gameId, faults);
  } catch (error) {
    if (signal?.aborted === true) throw signal.reason;
    throw fromNodeError(error, root);
  }
}

/** The whole game from one source. */
async function fromSource(
  { channel }: StreamSource,
  options: StreamInstallOptions,
  rootIsThere: boolean,
  logger: Logger,
): Promise<readonly UnpackedFile[]> {
  const { gameId, root, stateDir, manifest, signal, onProgress } = options;
  const cancellable = signal === undefined ? {} : { signal };
  let last: StreamProgress = { doneBytes: 0, totalBytes: 0, knownBytes: 0 };
  onProgress?.({ phase: "streaming", doneBytes: 0, totalBytes: 0 });
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
        expected: expectedArchives(manifest),
        staging,
        ...cancellable,
        ...(options.noProgressMs === undefined ? {} : { noProgressMs: options.noProgressMs }),
        ...(options.firstFrameMs === undefined ? {} : { firstFrameMs: options.firstFrameMs }),
        onProgress: (progress) => {
          last = progress;
          const { doneBytes, totalBytes } = progress;
          onProgress?.({ phase: "streaming", doneBytes, totalBytes });
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
