import { formatListenAddress, type ListenAddress, type PeerId } from "@lanspread/proto";
import { PeerError } from "../errors/index.ts";
import type { Logger } from "../logger.ts";
import { ownAddresses } from "./addresses.ts";
import { judgeAnnouncement } from "./announcement.ts";
import type { CatchUp } from "./catch-up.ts";
import { connectError } from "./connect-errors.ts";
import type { Dialer } from "./dialer.ts";
import type { SeenPeer } from "./discovery.ts";
import type { Self } from "./handshake.ts";
import type { Incompatibles } from "./incompatibles.ts";
import type { Joiner } from "./joiner.ts";
import type { Roster } from "./roster.ts";

export interface SightingsOptions {
  readonly self: Self;
  readonly dialer: Pick<Dialer, "seen" | "gone" | "announced">;
  readonly joiner: Pick<Joiner, "join">;
  readonly roster: Pick<Roster, "table" | "moveTo">;
  readonly catchUp: Pick<CatchUp, "announced" | "unannounced">;
  readonly incompatibles: Pick<Incompatibles, "note" | "forget">;
  /** Whether so many others are connected that this one is not let in. */
  readonly isFull: (peerId: PeerId) => boolean;
  readonly logger: Logger;
}

/**
 * What follows from announcements: who is dialled, shown elsewhere, asked for a newer library, or shown as incompatible.
 * Anybody may announce anything, so nothing more is believed before a hello.
 */
export class Sightings {
  readonly #options: SightingsOptions;

  constructor(options: SightingsOptions) {
    this.#options = options;
  }

  /** A peer is announced, or its announcement has changed. */
  seen(seen: SeenPeer): void {
    const { self, dialer, catchUp, incompatibles } = this.#options;
    const { peerId, libraryRev } = seen;
    const { party, listen } = self;
    const onlooker = { peerId: self.peerId, party, listen, ownAddresses: ownAddresses() };
    const verdict = judgeAnnouncement(seen, onlooker);
    switch (verdict.kind) {
      case "own":
        return;
      case "foreign":
        this.gone(peerId);
        return;
      case "incompatible":
        dialer.gone(peerId);
        incompatibles.note({
          ...{ peerId, addr: verdict.addr, code: "incompatible-peer" },
          ...{ reason: verdict.reason, detail: verdict.reason },
        });
        return;
      case "peer":
        dialer.seen({ ...seen, addresses: verdict.addresses });
        if (dialer.announced(peerId) === undefined) return;
        this.#followAddress(peerId, verdict.addresses);
        catchUp.announced(peerId, libraryRev);
    }
  }

  /** A peer is announced no longer. Its connections live on. */
  gone(peerId: PeerId): void {
    const { dialer, catchUp, incompatibles } = this.#options;
    dialer.gone(peerId);
    catchUp.unannounced(peerId);
    incompatibles.forget(peerId);
  }

  /**
   * Dials a peer where it is announced; the dialer's work. Why it cannot join is noted.
   *
   * @throws PeerError `self-connect`, `wrong-party`, `incompatible-peer`, `connect-failed`, `cancelled`
   */
  async dial({ peerId, addresses }: SeenPeer, signal: AbortSignal): Promise<void> {
    const { joiner, incompatibles, isFull, logger } = this.#options;
    if (isFull(peerId)) throw new PeerError("connect-failed", `${peerId}: too many peers are connected`);
    try {
      await joiner.join(addresses, peerId, signal);
    } catch (error) {
      const [first] = addresses;
      const addr = first === undefined ? peerId : formatListenAddress(first);
      const failure = connectError(error, addr);
      logger.debug("a peer that is announced could not be reached", { peerId, addr, error });
      if (failure.code === "wrong-party" || failure.code === "incompatible-peer") {
        const { code, message: reason } = failure;
        incompatibles.note({ peerId, addr, code, reason, detail: null });
      }
      throw failure;
    }
  }

  /** A connected peer that is announced elsewhere now is shown there. */
  #followAddress(peerId: PeerId, addresses: readonly [ListenAddress, ...ListenAddress[]]): void {
    const { roster } = this.#options;
    const shown = roster.table.addressOf(peerId);
    const listeners = addresses.map(formatListenAddress);
    if (shown !== undefined && !listeners.includes(shown)) {
      roster.moveTo(peerId, formatListenAddress(addresses[0]));
    }
  }
}
