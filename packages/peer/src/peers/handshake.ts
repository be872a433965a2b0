import {
  type Answer,
  formatListenAddress,
  type Hello,
  type HelloAck,
  type LibrarySnapshot,
  type ListenAddress,
  type PeerId,
  PROTOCOL_VERSION,
  type WireErrorCode,
} from "@lanspread/proto";
import { PeerError, type PeerErrorCode } from "../errors/index.ts";
import type { RequestChannel } from "../transfer/index.ts";
import { listenerOf } from "./addresses.ts";
import { laneFeature } from "./lane-features.ts";
import type { PeerFacts } from "./peer-table.ts";

/** Who says hello here. */
export interface Self {
  readonly peerId: PeerId;
  readonly name: string;
  readonly party: string;
  /** The listener's real address: known before the first hello can be sent. */
  readonly listen: ListenAddress;
  /** UDP ports of the lanes that listen at this moment. */
  readonly lanes: () => readonly number[];
  /** What is announced at this moment. */
  readonly library: () => LibrarySnapshot;
}

/** Who is at the other end of a connection, before it has said anything. */
export interface OtherEnd {
  /** Computed from its certificate. */
  readonly peerId: PeerId;
  readonly remote: { readonly host: string; readonly port: number };
}

/** An introduction that was believed. */
export interface Introduced {
  readonly facts: PeerFacts;
  readonly library: LibrarySnapshot;
}

/** An introduction that was not. */
export interface Refused {
  /** What the other side is told. */
  readonly code: WireErrorCode;
  /** What the own host is told. */
  readonly error: PeerErrorCode;
  readonly message: string;
}

type Introduction = Omit<Hello, "type">;

/** What this peer says of itself, in a hello and in the answer to one. */
export function introduce(self: Self): Introduction {
  return {
    peer_id: self.peerId,
    proto_ver: PROTOCOL_VERSION,
    listen_addr: formatListenAddress(self.listen),
    name: self.name,
    party: self.party,
    features: self.lanes().map(laneFeature),
    library: self.library(),
  };
}

/** Whether to believe an introduction: the same rules for both sides. */
export function judge(said: Hello | HelloAck, self: Self, other: OtherEnd): Introduced | Refused {
  if (other.peerId === self.peerId || said.peer_id === self.peerId) {
    return { code: "self_connect", error: "self-connect", message: "this is the same peer" };
  }
  if (said.proto_ver !== PROTOCOL_VERSION) {
    const message = `speaks version ${said.proto_ver} of the protocol, not ${PROTOCOL_VERSION}`;
    return { code: "unsupported_version", error: "incompatible-peer", message };
  }
  if (said.peer_id !== other.peerId) {
    const message = `claims to be ${said.peer_id}, its certificate says ${other.peerId}`;
    return { code: "wrong_peer", error: "connect-failed", message };
  }
  if (said.party !== self.party) {
    const message = `belongs to the party ${said.party}, not ${self.party}`;
    return { code: "wrong_peer", error: "wrong-party", message };
  }
  const addr = listenerOf(said.listen_addr, other.remote.host);
  const facts = { peerId: said.peer_id, name: said.name, addr, features: said.features };
  return { facts, library: said.library };
}

export function isRefused(verdict: Introduced | Refused): verdict is Refused {
  return "code" in verdict;
}

/**
 * Says hello as the side that dialled, and judges the answer.
 *
 * @param addr names the other side in errors
 * @throws PeerError `self-connect`, `wrong-party`, `incompatible-peer`, `connect-failed`; whatever the channel throws
 */
export async function greet(
  channel: RequestChannel,
  self: Self,
  other: OtherEnd,
  options: { readonly addr: string; readonly signal: AbortSignal },
): Promise<Introduced> {
  const { addr, signal } = options;
  const answer = await channel.request({ type: "hello", ...introduce(self) }, { signal });
  if (answer.type !== "hello_ack") throw refusedBy(answer, addr);
  const verdict = judge(answer, self, other);
  if (isRefused(verdict)) throw new PeerError(verdict.error, `${addr}: the peer ${verdict.message}`);
  return verdict;
}

function refusedBy(answer: Answer, addr: string): PeerError {
  if (answer.type !== "error") {
    return new PeerError("connect-failed", `${addr}: a hello was answered with ${answer.type}`);
  }
  const message = `${addr}: the peer refuses: ${answer.message}`;
  switch (answer.code) {
    case "self_connect":
      return new PeerError("self-connect", message);
    case "unsupported_version":
      return new PeerError("incompatible-peer", message);
    // The own id follows from the own certificate, so what is wrong can only be the party.
    case "wrong_peer":
      return new PeerError("wrong-party", message);
    default:
      return new PeerError("connect-failed", message, { retryable: answer.retryable });
  }
}
