/**
 * Encodes what many ask for once: as long as anybody is being sent a frame, the next one who asks gets the same bytes.
 * Nobody may change them. Who asks again and again without reading takes no more memory than who asks once.
 */
export function createSharedFrames<Of extends object>(
  encode: (of: Of) => Uint8Array,
): (of: Of) => Uint8Array {
  const frames = new WeakMap<Of, WeakRef<Uint8Array>>();
  return (of) => {
    const known = frames.get(of)?.deref();
    if (known !== undefined) return known;
    const frame = encode(of);
    frames.set(of, new WeakRef(frame));
    return frame;
  };
}
