/** What a raw client is told to do. */
export type RawOrder =
  /** Sends an object as a frame, ends its side, and reads the answer. */
  | { readonly kind: "request"; readonly frame: object }
  /** Sends bytes as they are. */
  | { readonly kind: "bytes"; readonly base64: string; readonly finish: boolean }
  /** Opens streams, writes one byte into each and leaves them; each may take so long, ms. */
  | { readonly kind: "open"; readonly count: number; readonly withinMs: number }
  /** Closes the connection and opens another. */
  | { readonly kind: "redial" };

/** What it says of that. */
export interface RawAnswer {
  readonly id?: number;
  readonly ready?: true;
  readonly frame?: unknown;
  /** Bytes behind the frame. */
  readonly dataBytes?: number;
  readonly opened?: number;
  /** Why there was no answer: the stream or the connection was reset or closed. */
  readonly broken?: string;
}
