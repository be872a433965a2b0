import { createRandom } from "@lanspread/testkit";
import type { Address, DatagramSocket } from "../../src/index.ts";

/** What happens to datagrams before they are sent. May be changed at any time. */
export interface Trouble {
  /** Share that is lost, 0 to 1. */
  lossRate: number;
  /** Share that is held back until the next datagram has gone, or for HOLD_MS where none follows, 0 to 1. */
  reorderRate: number;
  /** Larger datagrams are lost. */
  maxBytes: number;
  /** Nothing goes in or out. */
  cut: boolean;
}

/** A socket that the trouble happens to. Same seed for every socket: a failing run can be repeated. */
export function troubled(socket: DatagramSocket, trouble: Trouble): DatagramSocket {
  const random = createRandom(7);
  let held: { bytes: Uint8Array; host: string; port: number } | undefined;
  let release: NodeJS.Timeout | undefined;
  const sendHeld = () => {
    clearTimeout(release);
    if (held !== undefined) socket.send(held.bytes, held.host, held.port);
    held = undefined;
  };
  const send = (bytes: Uint8Array, host: string, port: number) => {
    if (trouble.cut || bytes.length > trouble.maxBytes || random() < trouble.lossRate) return;
    if (held === undefined && random() < trouble.reorderRate) {
      held = { bytes: new Uint8Array(bytes), host, port };
      release = setTimeout(sendHeld, HOLD_MS); // late is not lost: it may be the last word of all
      return;
    }
    socket.send(bytes, host, port);
    sendHeld();
  };
  return {
    address: socket.address,
    send,
    onMessage(handler) {
      socket.onMessage((bytes, from) => {
        if (!trouble.cut) handler(bytes, from);
      });
    },
    close() {
      clearTimeout(release);
      return socket.close();
    },
    ...(socket.sendSegments !== undefined && {
      sendSegments(bytes: Uint8Array, segmentBytes: number, to: Address) {
        if (isNone(trouble) && held === undefined)
          return socket.sendSegments?.(bytes, segmentBytes, to) ?? true;
        for (let at = 0; at < bytes.length; at += segmentBytes) {
          send(bytes.subarray(at, Math.min(at + segmentBytes, bytes.length)), to.host, to.port);
        }
        return true;
      },
    }),
    ...(socket.onDrain !== undefined && { onDrain: (handler: () => void) => socket.onDrain?.(handler) }),
    ...(socket.datagramBytesTo !== undefined && {
      datagramBytesTo: (host: string) => socket.datagramBytesTo?.(host) ?? MIN_DATAGRAM_BYTES,
    }),
  };
}

/** Long enough for any datagram that follows closely, short for whoever waits for this one. */
const HOLD_MS = 10;

/** What any network carries: RFC 9000, 14. */
const MIN_DATAGRAM_BYTES = 1_200;

function isNone({ lossRate, reorderRate, maxBytes, cut }: Trouble): boolean {
  return lossRate === 0 && reorderRate === 0 && maxBytes === Number.POSITIVE_INFINITY && !cut;
}
