/** Cuts `bytes` into chunks of the sizes given (0 gives an empty chunk); sizes come without end. */
export function chunked(bytes: Uint8Array, sizes: Iterable<number>): Uint8Array[] {
  const chunks: Uint8Array[] = [];
  let offset = 0;
  for (const size of sizes) {
    if (offset >= bytes.length) break;
    chunks.push(bytes.subarray(offset, offset + size));
    offset += size;
  }
  return chunks;
}

/** Feeds a decoder and collects what it yields after every chunk. */
export function pushAll<Frame>(
  decoder: { push(chunk: Uint8Array): void; next(): Frame | null },
  chunks: Iterable<Uint8Array>,
): Frame[] {
  const frames: Frame[] = [];
  for (const chunk of chunks) {
    decoder.push(chunk);
    for (let frame = decoder.next(); frame !== null; frame = decoder.next()) frames.push(frame);
  }
  return frames;
}
