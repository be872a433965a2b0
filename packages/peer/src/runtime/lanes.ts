import type { PeerId } from "@lanspread/proto";
import type { TlsOptions } from "@lanspread/quic";
import { PeerError } from "../errors/index.ts";
import { type Identity, peerIdFromCertificate } from "../identity/index.ts";
import { defaultLaneCount, type LanePool, MOST_LANES, type PushedView } from "../lanes/index.ts";
import type { PeerMesh } from "../peers/index.ts";
import type { ServeView } from "../serve/index.ts";
import type { OutboundTransfers } from "../transfer/index.ts";
import type { PeerOptions } from "./types.ts";

/**
 * How many lanes a peer is to have.
 *
 * @throws PeerError `bad-request`
 */
export function laneCount({ lanes = defaultLaneCount(), socket }: PeerOptions): number {
  if (!Number.isInteger(lanes) || lanes < 0 || lanes > MOST_LANES) {
    throw new PeerError("bad-request", `${lanes} lanes cannot be had.`, { hint: `Use 0 to ${MOST_LANES}.` });
  }
  // Threads open real sockets.
  return socket === undefined ? lanes : 0;
}

export function tlsOf({ keyPem, certPem, caPem }: Identity): TlsOptions {
  return { key: keyPem, cert: certPem, ca: caPem };
}

/** Whose certificate it is. Who comes in has to have said hello on the control connection before. */
export function identify(
  mesh: Pick<PeerMesh, "contact">,
  certificate: Uint8Array,
  inbound: boolean,
): PeerId | null {
  try {
    const peerId = peerIdFromCertificate(certificate);
    return inbound && mesh.contact(peerId) === undefined ? null : peerId;
  } catch {
    return null;
  }
}

/** What the lanes have to know of what the serving gate is asked about. */
export function pushedView({ fileAt: _, ...known }: ServeView, gamesDir: string): PushedView {
  return { ...known, gamesDir };
}

/** What is sent by this thread and by the lanes, as one. */
export function withLanes(
  own: OutboundTransfers,
  lanes: Pick<LanePool, "revoke" | "revokeAll" | "counts">,
): OutboundTransfers {
  return {
    run: own.run,
    cancel: async (gameId) => {
      await Promise.all([own.cancel(gameId), lanes.revoke(gameId)]);
    },
    cancelAll: async () => {
      await Promise.all([own.cancelAll(), lanes.revokeAll()]);
    },
    counts: () => {
      const sums = { ...own.counts() };
      for (const [gameId, count] of Object.entries(lanes.counts())) {
        sums[gameId as keyof typeof sums] = (sums[gameId as keyof typeof sums] ?? 0) + count;
      }
      return sums;
    },
  };
}
