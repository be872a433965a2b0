import { crc32, deflateSync } from "node:zlib";

/** PNG (W3C, third edition): signature; colour type 2 is RGB of 8 bits each; filter 1 is the difference to the left. */
const SIGNATURE = Buffer.from("\x89PNG\r\n\x1a\n", "latin1");
const BITS = 8;
const RGB = 2;
const FILTER_SUB = 1;
const CHANNELS = 3;

/** A picture as a PNG file. @param pixels three bytes each, row by row */
export function encodePng(width: number, height: number, pixels: Uint8Array): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([BITS, RGB], 8);
  const stride = width * CHANNELS;
  const rows = Buffer.alloc((stride + 1) * height);
  for (let y = 0; y < height; y++) {
    const to = y * (stride + 1);
    rows[to] = FILTER_SUB;
    for (let x = 0; x < stride; x++) {
      const at = y * stride + x;
      rows[to + 1 + x] = (pixels[at] ?? 0) - (x < CHANNELS ? 0 : (pixels[at - CHANNELS] ?? 0));
    }
  }
  return Buffer.concat([
    SIGNATURE,
    chunk("IHDR", header),
    chunk("IDAT", deflateSync(rows)),
    chunk("IEND", Buffer.alloc(0)),
  ]);
}

function chunk(type: string, data: Buffer): Buffer {
  const named = Buffer.concat([Buffer.from(type, "latin1"), data]);
  const framed = Buffer.alloc(named.length + 8);
  framed.writeUInt32BE(data.length, 0);
  framed.set(named, 4);
  framed.writeUInt32BE(crc32(named), named.length + 4);
  return framed;
}
