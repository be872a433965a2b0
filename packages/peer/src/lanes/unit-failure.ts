import { type ResetCode, WireError, type WireErrorCode } from "@lanspread/proto";
import { ConnectionClosedError, HandshakeError } from "@lanspread/quic";
import { PeerError, type PeerErrorCode, toPeerError } from "../errors/index.ts";
import { LaneError, SinkError, SourceError } from "../transfer/index.ts";

interface ToldPeerError {
  readonly code: PeerErrorCode;
  readonly message: string;
  readonly hint: string | undefined;
  readonly retryable: boolean;
}

/** Why a fetch ended early, in a form that crosses threads. Cancelled ones have no other reason than the caller's. */
export type UnitFailure =
  | { readonly kind: "cancelled" }
  | { readonly kind: "lane"; readonly message: string }
  | {
      readonly kind: "source";
      readonly code: WireErrorCode | null;
      readonly message: string;
      readonly retryable: boolean;
    }
  | {
      readonly kind: "wire";
      readonly code: WireErrorCode;
      readonly message: string;
      readonly reset: ResetCode;
    }
  | { readonly kind: "sink"; readonly error: ToldPeerError }
  | { readonly kind: "peer-error"; readonly error: ToldPeerError }
  | { readonly kind: "other"; readonly message: string };

export function tellFailure(error: unknown): UnitFailure {
  if (
    error instanceof LaneError ||
    error instanceof HandshakeError ||
    error instanceof ConnectionClosedError
  ) {
    return { kind: "lane", message: error.message };
  }
  if (error instanceof SourceError) {
    const { code, message, retryable } = error;
    return { kind: "source", code, message, retryable };
  }
  if (error instanceof WireError) {
    const { code, message, reset } = error;
    return { kind: "wire", code, message, reset };
  }
  if (error instanceof SinkError) return { kind: "sink", error: told(toPeerError(error.cause)) };
  if (error instanceof PeerError) return { kind: "peer-error", error: told(error) };
  return { kind: "other", message: error instanceof Error ? error.message : String(error) };
}

/** The error that was told. */
export function failureToError(failure: UnitFailure): Error {
  switch (failure.kind) {
    case "cancelled":
      return new PeerError("cancelled", "The fetch was cancelled.");
    case "lane":
      return new LaneError(failure.message);
    case "source":
      return new SourceError(failure.code, failure.message, failure.retryable);
    case "wire":
      return new WireError(failure.code, failure.message, failure.reset);
    case "sink":
      return new SinkError(heard(failure.error));
    case "peer-error":
      return heard(failure.error);
    case "other":
      return new Error(failure.message);
  }
}

function told({ code, message, hint, retryable }: PeerError): ToldPeerError {
  return { code, message, hint, retryable };
}

function heard({ code, message, hint, retryable }: ToldPeerError): PeerError {
  return new PeerError(code, message, { retryable, ...(hint === undefined ? {} : { hint }) });
}
