import type { DesktopSnapshot } from "../../../protocol/snapshot.ts";

/** What is under way that ends with the app; null where nothing is. */
export interface UnderWay {
  /** Games that are downloaded, installed and so on. */
  readonly games: number;
  /** Others who are being sent something. */
  readonly receivers: number;
}

export function underWay({ status, outbound }: DesktopSnapshot): UnderWay | null {
  const games = status.operations.length;
  const receivers = new Set(outbound.map(({ peerId }) => peerId)).size;
  return games === 0 && receivers === 0 ? null : { games, receivers };
}

/** Whether somebody who closes this window ends what is under way without having meant to: it is the last one. */
export function asksBeforeLeaving(snapshot: DesktopSnapshot | null, isConnected: boolean): boolean {
  return isConnected && snapshot !== null && snapshot.windows <= 1 && underWay(snapshot) !== null;
}
