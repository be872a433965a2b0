import { asPeerId } from "@lanspread/proto";
import type { StreamSource } from "../../../src/stream-install/receive/index.ts";

/** Bytes that one read gives at most: as a stream gives what has come. */
const READ_BYTES = 60_000;

/**
 * A source in this process that sends these bytes.
 *
 * @param end called when everything is sent, instead of the end of the stream; what it throws is what the stream says
 */
export function memorySource(bytes: Buffer, end: () => void = () => {}): StreamSource {
  return {
    peerId: asPeerId("00000000-0000-8000-8000-000000000000"),
    channel: {
      requestRaw: async (_, options) => {
        let sent = 0;
        return {
          read: async (into) => {
            options?.signal?.throwIfAborted();
            if (sent === bytes.length) end();
            const count = bytes.copy(into, 0, sent, sent + READ_BYTES);
            sent += count;
            return count;
          },
          cancel: () => {},
        };
      },
    },
  };
}
