import { expect, it } from "vitest";
import { createDatagramDecoder, encodeDatagram, type RelayedDatagram } from "../../src/hosts/relay-frames.ts";

it("hands over every datagram whole, however the stream is cut", () => {
  const sent: RelayedDatagram[] = [0, 1, 1_452, 65_000].map((length, index) => ({
    fromPort: 40_000 + index,
    toPort: 65_535 - index,
    payload: new Uint8Array(length).fill(index + 1),
  }));
  const stream = Buffer.concat(sent.map(encodeDatagram));
  for (const step of [1, 5, 7, 1_000, stream.length]) {
    const got: RelayedDatagram[] = [];
    const decode = createDatagramDecoder(({ payload, ...ports }) =>
      got.push({ ...ports, payload: new Uint8Array(payload) }),
    );
    for (let at = 0; at < stream.length; at += step) decode(stream.subarray(at, at + step));
    expect(got).toEqual(sent);
  }
});
