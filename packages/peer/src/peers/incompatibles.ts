import type { PeerId } from "@lanspread/proto";
import type { PeerErrorCode } from "../errors/index.ts";
import { MAX_INCOMPATIBLE } from "./constants.ts";

interface Noted {
  readonly code: PeerErrorCode;
  readonly detail: string | null;
}

/** A peer that cannot join. */
export interface Incompatible {
  readonly peerId: PeerId;
  /** Where it was met, "ip:port". */
  readonly addr: string;
  readonly code: PeerErrorCode;
  readonly reason: string;
  /**
   * What it said of itself (its version, its party): another one is news. Null where it said nothing, as when TLS refuses it.
   */
  readonly detail: string | null;
}

/** Peers that cannot join, each with its reason: so that each reason is told once, however often they try. */
export class Incompatibles {
  readonly #tell: (incompatible: Incompatible) => void;
  readonly #reasons = new Map<PeerId, Noted>();

  /** @param tell called with what is news */
  constructor(tell: (incompatible: Incompatible) => void) {
    this.#tell = tell;
  }

  note(incompatible: Incompatible): void {
    const { peerId, code, detail } = incompatible;
    const noted = this.#reasons.get(peerId);
    const isKnown = noted?.code === code;
    const isNews = !isKnown || (detail !== null && noted.detail !== null && noted.detail !== detail);
    this.#reasons.delete(peerId);
    this.#reasons.set(peerId, { code, detail: detail ?? (isKnown ? noted.detail : null) });
    const [oldest] = this.#reasons.keys();
    if (this.#reasons.size > MAX_INCOMPATIBLE && oldest !== undefined) this.#reasons.delete(oldest);
    if (isNews) this.#tell(incompatible);
  }

  /** The peer has joined, or is announced no longer: the same reason would be news again. */
  forget(peerId: PeerId): void {
    this.#reasons.delete(peerId);
  }
}
