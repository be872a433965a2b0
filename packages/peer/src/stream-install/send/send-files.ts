import { crc32 } from "node:zlib";
import { type GameId, type ManifestFile, RESET, WireError } from "@lanspread/proto";
import { openPayload } from "../../serve/open-payload.ts";
import { sendPart } from "../../serve/send-part.ts";
import { pooledAccess, SENTINEL_NAME } from "../../storage/index.ts";
import type { BufferPool, OutboundTransfer } from "../../transfer/index.ts";
import type { InstallFrames } from "./install-frames.ts";

export interface SendFilesOptions {
  readonly gamesDir: string;
  readonly gameId: GameId;
  /** Those of the manifest, in its order. */
  readonly files: readonly ManifestFile[];
  readonly frames: InstallFrames;
  readonly buffers: BufferPool;
  readonly transfer: OutboundTransfer;
  /** Asked before every read: throws where the bytes may no longer be served. */
  readonly checkGate: () => void;
}

/**
 * Sends the payload of a game without archives, as one archive that has the game's id for a name: an install of such a game
 * copies these files.
 *
 * @throws Refused and WireError where a file is not that of the manifest; what the disk, the stream, the gate and the
 *   signal say. No file is open then.
 */
export async function sendFiles(options: SendFilesOptions): Promise<void> {
  const { gameId, frames } = options;
  const files = options.files.filter(({ path }) => path !== SENTINEL_NAME);
  await frames.beginArchive({
    name: gameId,
    solid: false,
    unpackedSize: files.reduce((sum, { size }) => sum + size, 0),
    entries: files.length,
  });
  for (const file of files) await sendFile(file, options);
}

async function sendFile(
  file: ManifestFile,
  { gamesDir, gameId, frames, buffers, transfer, checkGate }: SendFilesOptions,
): Promise<void> {
  transfer.signal.throwIfAborted();
  checkGate();
  await using payload = await openPayload(pooledAccess, gamesDir, gameId, file);
  const { path, size } = file;
  await frames.sink.fileBegin({ path, size, mtime: payload.mtime });
  let crc = 0;
  const stream = {
    write: async (bytes: Uint8Array): Promise<void> => {
      crc = crc32(bytes, crc);
      await frames.sink.bytes(bytes);
    },
  };
  const what = `${gameId}/${path}`;
  await sendPart({ stream, payload, what, offset: 0, length: size, buffers, transfer, checkGate });
  if (!(await payload.isUnchanged())) {
    throw new WireError("manifest_changed", `${what} changed while it was sent`, RESET.revoked);
  }
  await frames.sink.fileEnd({ crc32: crc });
}
