/** Bytes in motion: the way to ask a peer, what is being sent, and how a run of pieces is fetched and verified. */
export { type BufferPool, createBufferPool } from "./buffer-pool.ts";
export { NO_PROGRESS_MS, TRANSFER_BUFFER_BYTES } from "./constants.ts";
export {
  type ArrivingPiece,
  type FetchUnitOptions,
  fetchUnit,
  type PieceSink,
  SinkError,
  SourceError,
} from "./fetch-unit.ts";
export { readFrameBody, readFrameLength } from "./frame-reader.ts";
export { LaneError } from "./lane-error.ts";
export {
  createOutboundTransfers,
  type OutboundTransfer,
  type OutboundTransfers,
  type OutboundTransfersOptions,
} from "./outbound.ts";
export { ProgressLimit } from "./progress-limit.ts";
export type { DataAnswer, RawAnswer, RawChannel, RequestChannel } from "./request-channel.ts";
export { type RequestStream, readFully, type Waiting } from "./request-stream.ts";
export { createSentBytes, type SentBytes, type SentOfGame } from "./sent-bytes.ts";
export { createStreamChannel } from "./stream-channel.ts";
export type { WorkUnit } from "./work-unit.ts";
