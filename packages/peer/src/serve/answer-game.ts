import {
  type Answer,
  DIGEST_BYTES,
  encodeFrame,
  type GameId,
  MAX_RESPONSE_BYTES,
  type Manifest,
  RESET,
  WireError,
} from "@lanspread/proto";
import type { RequestContext } from "../peers/types.ts";
import { type FileAccess, pooledAccess } from "../storage/index.ts";
import type { BufferPool, OutboundTransfer, OutboundTransfers, Waiting } from "../transfer/index.ts";
import type { AnsweringStream } from "./answering-stream.ts";
import { type GameRequest, serveRequestOf } from "./game-requests.ts";
import type { ServeView } from "./gate.ts";
import { type GatePass, gatePass, onDisk } from "./gate-pass.ts";
import { checkRoot, openPayload } from "./open-payload.ts";
import { Refused } from "./refused.ts";
import { sendPart } from "./send-part.ts";
import { writeInSteps } from "./write-in-steps.ts";

export interface AnswerGameOptions {
  /** 32 bytes per piece; null where they are not known. */
  readonly pieceDigests: (id: GameId) => Uint8Array | null;
  readonly viewOf: (id: GameId) => ServeView;
  readonly outbound: Pick<OutboundTransfers, "run">;
  readonly gamesDir: (id: GameId) => string;
  /** How a file is read of which so many bytes are asked for. */
  readonly accessFor: (bytes: number) => FileAccess;
  readonly buffers: BufferPool;
  /** The frame that answers a request for a manifest. */
  readonly manifestFrame: (manifest: Manifest) => Uint8Array;
  /** The disk is not as the library says. */
  readonly onStale: (id: GameId) => void;
}

/**
 * Answers a request about one game: the frame and the raw bytes behind it. It is registered as a transfer of the game
 * before the gate is asked, so that whoever closes the gate and cancels the transfers misses none.
 *
 * @throws Refused before anything was sent; WireError with the reset `revoked` when the bytes may not or can not be sent to
 *   their end; what disk, stream and signal say.
 */
export async function answerGame(
  stream: AnsweringStream,
  request: GameRequest,
  { peerId, signal }: Pick<RequestContext, "peerId" | "signal">,
  options: AnswerGameOptions,
): Promise<void> {
  const asked = serveRequestOf(request);
  const pass = gatePass(stream, asked, options.viewOf);
  await options.outbound.run(
    request.game_id,
    async (transfer) => {
      pass();
      switch (request.type) {
        case "get_game":
          await onDisk(
            () => checkRoot(pooledAccess, options.gamesDir(request.game_id), request.game_id),
            () => options.onStale(request.game_id),
          );
          return await writeInSteps(stream, options.manifestFrame(pass().manifest), transfer);
        case "get_piece_hashes":
          return await sendDigests(stream, transfer, request.game_id, options);
        case "get_game_file_data":
        case "get_game_file_chunk":
          return await sendFile(stream, transfer, request.game_id, pass, options);
      }
    },
    // Who looks at a game is sent its manifest, and none of its bytes.
    { signal, ...(asked.path === undefined ? {} : { to: peerId }) },
  );
}

async function sendDigests(
  stream: AnsweringStream,
  transfer: OutboundTransfer,
  gameId: GameId,
  { pieceDigests }: AnswerGameOptions,
): Promise<void> {
  const digests = pieceDigests(gameId);
  if (digests === null) throw new Refused("busy", `the pieces of ${gameId} are still being hashed`, true);
  await send(stream, transfer, { type: "piece_hashes", count: digests.length / DIGEST_BYTES });
  await writeInSteps(stream, digests, transfer);
}

async function sendFile(
  stream: AnsweringStream,
  transfer: OutboundTransfer,
  gameId: GameId,
  pass: GatePass,
  options: AnswerGameOptions,
): Promise<void> {
  const { part } = pass();
  if (part === null) throw new Error("the gate granted no file");
  const { file, offset, length } = part;
  const what = `${gameId}/${file.path}`;
  const onStale = (): void => options.onStale(gameId);
  await using payload = await onDisk(
    () => openPayload(options.accessFor(length), options.gamesDir(gameId), gameId, file),
    onStale,
  );
  pass();
  const sending = {
    stream: {
      write: (bytes: Uint8Array, waiting: Waiting) => stream.writeOn(bytes, waiting),
      end: (bytes: Uint8Array, waiting: Waiting) => stream.end(bytes, waiting),
    },
    ...{ payload, what, offset, length, transfer, buffers: options.buffers },
    head: encodeFrame({ type: "file_data", size: length }, MAX_RESPONSE_BYTES),
    checkGate: () => void pass(),
    checkRead: async () => {
      if (await payload.isUnchanged()) return;
      throw new WireError("manifest_changed", `${what} changed while it was sent`, RESET.revoked);
    },
  };
  await onDisk(() => sendPart(sending), onStale);
}

async function send(stream: AnsweringStream, transfer: OutboundTransfer, answer: Answer): Promise<void> {
  await writeInSteps(stream, encodeFrame(answer, MAX_RESPONSE_BYTES), transfer);
}
