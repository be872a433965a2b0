import type { GameId, OutboundRate, PeerId } from "@lanspread/proto";
import type { DesktopSnapshot } from "../../../protocol/snapshot.ts";

/** Bytes of one game on their way between this computer and somebody. */
export interface PartyTransfer {
  readonly direction: "in" | "out";
  readonly peerId: PeerId;
  readonly gameId: GameId;
  readonly bytesPerSecond: number;
}

/** Bytes per second. */
export interface Rates {
  readonly in: number;
  readonly out: number;
}

type Progress = DesktopSnapshot["progress"];

const NOTHING: Rates = { in: 0, out: 0 };

/** Everything on its way: what comes first, by game, the fastest first. */
export function transfersOf(progress: Progress, outbound: readonly OutboundRate[]): readonly PartyTransfer[] {
  const coming = Object.entries(progress).flatMap(([gameId, { rates }]) =>
    Object.entries(rates).map(([peerId, bytesPerSecond]) => ({
      direction: "in" as const,
      peerId: peerId as PeerId,
      gameId: gameId as GameId,
      bytesPerSecond,
    })),
  );
  const going = outbound.map((rate) => ({ direction: "out" as const, ...rate }));
  return [...coming.sort(byGame), ...going.sort(byGame)];
}

function byGame(a: PartyTransfer, b: PartyTransfer): number {
  if (a.gameId !== b.gameId) return a.gameId < b.gameId ? -1 : 1;
  return b.bytesPerSecond - a.bytesPerSecond || (a.peerId < b.peerId ? -1 : 1);
}

/** What is exchanged with each, by peer id; who is not in it exchanges nothing. */
export function ratesByPeer(transfers: readonly PartyTransfer[]): ReadonlyMap<PeerId, Rates> {
  const rates = new Map<PeerId, Rates>();
  for (const { direction, peerId, bytesPerSecond } of transfers) {
    const before = rates.get(peerId) ?? NOTHING;
    rates.set(peerId, { ...before, [direction]: before[direction] + bytesPerSecond });
  }
  return rates;
}

/** Bytes per second that this computer receives. What it unpacks and copies comes from nobody. */
export function rateIn(progress: Progress): number {
  return Object.values(progress)
    .flatMap(({ rates }) => Object.values(rates))
    .reduce((sum, rate) => sum + rate, 0);
}

/** Bytes per second that this computer sends. */
export function rateOut(outbound: readonly OutboundRate[]): number {
  return outbound.reduce((sum, { bytesPerSecond }) => sum + bytesPerSecond, 0);
}
