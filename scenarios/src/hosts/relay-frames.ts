/** One datagram on its way through a relay. */
export interface RelayedDatagram {
  readonly fromPort: number;
  readonly toPort: number;
  readonly payload: Uint8Array;
}

/** Length of the payload, port it came from, port it goes to: 16 bits each, big-endian. */
const HEADER_BYTES = 6;

export function encodeDatagram({ fromPort, toPort, payload }: RelayedDatagram): Buffer {
  const frame = Buffer.allocUnsafe(HEADER_BYTES + payload.length);
  frame.writeUInt16BE(payload.length, 0);
  frame.writeUInt16BE(fromPort, 2);
  frame.writeUInt16BE(toPort, 4);
  frame.set(payload, HEADER_BYTES);
  return frame;
}

/** Takes a stream of encoded datagrams in pieces of any size; hands over each as soon as it is whole. */
export function createDatagramDecoder(take: (datagram: RelayedDatagram) => void): (chunk: Buffer) => void {
  let rest: Buffer = Buffer.alloc(0);
  return (chunk) => {
    let data = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    while (data.length >= HEADER_BYTES) {
      const end = HEADER_BYTES + data.readUInt16BE(0);
      if (data.length < end) break;
      take({
        fromPort: data.readUInt16BE(2),
        toPort: data.readUInt16BE(4),
        payload: data.subarray(HEADER_BYTES, end),
      });
      data = data.subarray(end);
    }
    rest = data;
  };
}
