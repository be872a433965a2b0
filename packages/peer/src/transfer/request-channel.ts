import type { Answer, Request } from "@lanspread/proto";
import type { Waiting } from "./request-stream.ts";

/**
 * A way to ask one peer. One stream per request lies behind it; many requests may be under way at once.
 *
 * An `error` answer is an answer: it is returned, not thrown. What is thrown says that the peer could not be asked.
 */
export interface RequestChannel {
  /** Asks for an answer that has no raw bytes behind it. */
  request(request: Request, options?: Waiting): Promise<Answer>;
  /** Asks for an answer with raw bytes behind it. The caller reads them to the end, or cancels. */
  requestData(request: Request, options?: Waiting): Promise<DataAnswer>;
}

/** A way to ask one peer for an answer without a first frame: what comes is bytes from the beginning. */
export interface RawChannel {
  /** The caller reads to the end, or cancels. */
  requestRaw(request: Request, options?: Waiting): Promise<RawAnswer>;
}

/** The bytes of an answer, whatever they are. */
export type RawAnswer = Pick<DataAnswer, "read" | "cancel">;

/** The first frame of an answer, and the raw bytes that follow it. */
export interface DataAnswer {
  readonly answer: Answer;
  /** As a stream's `read`: 0 at the end. */
  read(into: Uint8Array, options?: Waiting): Promise<number>;
  /** Reads no more. Does nothing after the end. */
  cancel(): void;
}
