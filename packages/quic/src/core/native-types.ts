/** The binding's types under names that do not clash with the public ones. */
export type { Quiche as NativeLibrary } from "@matrixai/quic/native/quiche.js";
export type {
  Config as NativeConfig,
  Connection as NativeConnection,
  RecvInfo as NativeRecvInfo,
} from "@matrixai/quic/native/types.js";
