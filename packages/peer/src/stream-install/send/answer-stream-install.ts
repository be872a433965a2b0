import { join, sep } from "node:path";
import { type GameId, RESET, type StreamInstall, WireError } from "@lanspread/proto";
import type { Unpacker } from "../../install/index.ts";
import { archiveNamesOf } from "../../install/payload.ts";
import type { Logger } from "../../logger.ts";
import type { RequestContext } from "../../peers/types.ts";
import type { AnsweringStream } from "../../serve/answering-stream.ts";
import type { ServeView } from "../../serve/gate.ts";
import { type GatePass, gatePass, onDisk } from "../../serve/gate-pass.ts";
import { checkRoot } from "../../serve/open-payload.ts";
import { Refused } from "../../serve/refused.ts";
import { pooledAccess } from "../../storage/index.ts";
import type { BufferPool, OutboundTransfer, OutboundTransfers } from "../../transfer/index.ts";
import { STREAMS_AT_ONCE } from "./constants.ts";
import { archiveFailure } from "./failure-answer.ts";
import { FrameSender } from "./frame-sender.ts";
import { createInstallFrames } from "./install-frames.ts";
import { sendArchives } from "./send-archives.ts";
import { sendFiles } from "./send-files.ts";

export interface StreamInstallsOptions {
  readonly unpacker: Unpacker;
  readonly viewOf: (id: GameId) => ServeView;
  readonly outbound: Pick<OutboundTransfers, "run">;
  readonly gamesDir: (id: GameId) => string;
  readonly buffers: BufferPool;
  /** The disk is not as the library says. */
  readonly onStale: (id: GameId) => void;
  readonly logger: Logger;
}

/** Answers requests for streamed installs: games are unpacked here, and sent as the files that they become. */
export interface StreamInstalls {
  /**
   * Sends a game as tagged frames. It is registered as a transfer of the game before the gate is asked. When it ends, in
   * whatever way, its thread has ended and its files are closed.
   *
   * Archives that cannot be unpacked are told by an `error` frame, wherever that is noticed; the rest rejects.
   *
   * @throws Refused before anything was sent; WireError with the reset `revoked` when the game may not be sent to its end;
   *   what disk, stream and signal say.
   */
  answer(
    stream: AnsweringStream,
    request: StreamInstall,
    context: Pick<RequestContext, "peerId" | "signal">,
  ): Promise<void>;
}

export function createStreamInstalls(options: StreamInstallsOptions): StreamInstalls {
  let running = 0;
  return {
    answer: (stream, request, { peerId, signal }) =>
      options.outbound.run(
        request.game_id,
        async (transfer) => {
          const { game_id: gameId, manifest_hash: manifestHash } = request;
          const pass = gatePass(stream, { gameId, manifestHash }, options.viewOf);
          pass();
          if (running >= STREAMS_AT_ONCE) {
            throw new Refused("busy", `${running} games are being unpacked for others`, true);
          }
          running += 1;
          try {
            await send({ stream, gameId, transfer, pass }, options);
          } catch (error) {
            // Whatever failed because of it: the reason says how to tell it.
            transfer.signal.throwIfAborted();
            throw error;
          } finally {
            running -= 1;
          }
        },
        { signal, to: peerId },
      ),
  };
}

interface Sending {
  readonly stream: AnsweringStream;
  readonly gameId: GameId;
  readonly transfer: OutboundTransfer;
  readonly pass: GatePass;
}

async function send(sending: Sending, options: StreamInstallsOptions): Promise<void> {
  const { stream, gameId, transfer } = sending;
  const gamesDir = options.gamesDir(gameId);
  const frames = new FrameSender(stream, transfer);
  try {
    await onDisk(
      () => sendGame(sending, frames, gamesDir, options),
      () => options.onStale(gameId),
    );
  } catch (error) {
    if (error instanceof Refused && stream.begun) {
      const { code, message } = error.answer;
      throw new WireError(code, message, RESET.revoked);
    }
    const told = stream.broken ? null : archiveFailure(error, join(gamesDir, gameId) + sep);
    if (told === null || transfer.signal.aborted) throw error;
    options.logger.warn("a game cannot be unpacked for somebody else", { gameId, error });
    await frames.control(told);
    await frames.flush();
  }
}

async function sendGame(
  { gameId, transfer, pass }: Sending,
  sender: FrameSender,
  gamesDir: string,
  { unpacker, buffers, viewOf, logger }: StreamInstallsOptions,
): Promise<void> {
  await checkRoot(pooledAccess, gamesDir, gameId);
  const { files } = pass().manifest;
  const checkGate = (): void => void pass();
  const frames = createInstallFrames(sender, checkGate);
  if (archiveNamesOf(files.map(({ path }) => path)).length === 0) {
    await sendFiles({ gamesDir, gameId, files, frames, buffers, transfer, checkGate });
  } else {
    const { signal } = transfer;
    const root = join(gamesDir, gameId);
    const { fileAt } = viewOf(gameId);
    const onListed = (): void => transfer.moved(0);
    await sendArchives({ root, unpacker, signal, logger, onListed, files, fileAt, frames });
  }
  checkGate();
  await frames.complete();
}
