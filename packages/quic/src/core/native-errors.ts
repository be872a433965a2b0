/**
 * The binding reports errors of the native library only as text: the Rust debug form, such as `StreamReset(7)`. This is the one file
 * that knows those texts (quiche 0.18, `quiche::Error`).
 */
export interface NativeFailure {
  readonly kind: "stream-reset" | "stream-stopped" | "stream-unknown" | "stream-limit" | "other";
  /** Application error code of a reset or stop; 0 otherwise. */
  readonly code: number;
  readonly text: string;
}

const WITH_NUMBER = /^(StreamReset|StreamStopped|InvalidStreamState)\((\d+)\)$/;

/** Reads what the native library threw. */
export function readNativeFailure(error: unknown): NativeFailure {
  const text = error instanceof Error ? error.message : String(error);
  const match = WITH_NUMBER.exec(text);
  const code = match?.[2] === undefined ? 0 : Number(match[2]);
  switch (match?.[1]) {
    case "StreamReset":
      return { kind: "stream-reset", code, text };
    case "StreamStopped":
      return { kind: "stream-stopped", code, text };
    case "InvalidStreamState":
      return { kind: "stream-unknown", code: 0, text };
    default:
      return { kind: text === "StreamLimit" ? "stream-limit" : "other", code: 0, text };
  }
}
