import { constants } from "node:fs";
import { open } from "node:fs/promises";
import { crc32 } from "node:zlib";
import { fromNodeError } from "../errors/index.ts";
import { COPY_BYTES } from "./constants.ts";

/** Never through a link, and never waiting for the other end of a pipe. */
const READ_SAFELY = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);

/**
 * CRC-32 (IEEE 802.3) of a file's bytes.
 *
 * @throws PeerError of the disk, naming the file. An abort of the signal is thrown as it is.
 */
export async function crcOfFile(path: string, signal?: AbortSignal): Promise<number> {
  try {
    await using file = await open(path, READ_SAFELY);
    const buffer = Buffer.allocUnsafe(COPY_BYTES);
    for (let crc = 0; ; ) {
      if (signal?.aborted === true) break;
      const { bytesRead } = await file.read(buffer);
      if (bytesRead === 0) return crc;
      crc = crc32(buffer.subarray(0, bytesRead), crc);
    }
  } catch (error) {
    throw fromNodeError(error, path);
  }
  throw signal?.reason;
}
