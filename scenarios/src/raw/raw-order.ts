/** What a raw client is told to do. */
export type RawOrder =
  /** Sends an object as a frame, ends its side, and reads the answer. */
  | { readonly kind: "request"; readonly frame: object }
  /** Sends bytes as they are. */
  | { readonly kind: "bytes"; readonly base64: string }
  /** Sends one byte after the other with so many milliseconds in between, never ends its side, and reads the answer. */
  | { readonly kind: "drip"; readonly base64: string; readonly everyMs: number }
  /** Opens streams one after the other, writes one byte into each, and resets it; each may take so long to open, ms. */
  | { readonly kind: "churn"; readonly count: number; readonly withinMs: number }
  /** Opens streams, writes one byte into each, and leaves them so; each may take so long to open, ms. */
  | { readonly kind: "hold"; readonly count: number; readonly withinMs: number }
  /** Asks how many of those are still open. */
  | { readonly kind: "held" }
  /** Closes the connection and opens another. */
  | { readonly kind: "redial" };

/** What it says of that. */
export interface RawAnswer {
  readonly id?: number;
  readonly ready?: true;
  readonly frame?: unknown;
  /** Bytes behind the frame. */
  readonly dataBytes?: number;
  /** Streams that were opened, or are still open. */
  readonly streams?: number;
  /** Why there was no answer: the other side has ended or reset the stream, or closed the connection. */
  readonly broken?: string;
  /** The code with which the other side has reset the stream. */
  readonly resetCode?: number;
  /** The other side has done nothing until the own deadline. */
  readonly gaveUp?: true;
}
