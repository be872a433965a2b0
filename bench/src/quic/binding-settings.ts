/** The binding's streams are given the windows and chunks that it was found to be fastest with. */
export const BINDING_CHUNK_BYTES = 64 * 1024;

export const BINDING_WINDOWS = {
  maxIdleTimeout: 30_000,
  initialMaxData: 64 * 1024 * 1024,
  initialMaxStreamDataBidiLocal: 16 * 1024 * 1024,
  initialMaxStreamDataBidiRemote: 16 * 1024 * 1024,
} as const;
