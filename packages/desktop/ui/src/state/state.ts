import type { ListedGame, RuntimeEvent } from "@lanspread/proto";
import { byName } from "../../../protocol/by-name.ts";
import { failuresAfter } from "../../../protocol/failures.ts";
import { progressAfter } from "../../../protocol/progress.ts";
import type { DesktopSnapshot } from "../../../protocol/snapshot.ts";

/** What the page knows: the shell's snapshot, and what events have changed since. Null before the first one. */
export interface PageState {
  readonly isConnected: boolean;
  readonly snapshot: DesktopSnapshot | null;
}

export const AT_START: PageState = { isConnected: false, snapshot: null };

/** The state behind a snapshot: everybody where events would put them. */
export function stateWith(state: PageState, snapshot: DesktopSnapshot): PageState {
  return { ...state, snapshot: { ...snapshot, peers: [...snapshot.peers].sort(byName) } };
}

/** The state behind an event; the same object where it says nothing that is shown. */
export function stateAfter(state: PageState, event: RuntimeEvent): PageState {
  const { snapshot } = state;
  if (snapshot === null) return state;
  const after = snapshotAfter(snapshot, event);
  return after === snapshot ? state : { ...state, snapshot: after };
}

function snapshotAfter(snapshot: DesktopSnapshot, event: RuntimeEvent): DesktopSnapshot {
  const progress = progressAfter(snapshot.progress, event);
  const failures = failuresAfter(snapshot.failures, event);
  const isSame = progress === snapshot.progress && failures === snapshot.failures;
  const changed = isSame ? snapshot : { ...snapshot, progress, failures };
  switch (event.type) {
    case "list-games":
      return { ...changed, games: event.games };
    case "active-operations-changed": {
      const { operations } = event;
      return { ...changed, status: { ...changed.status, operations }, games: withOperations(changed, event) };
    }
    case "local-library-changed":
      return { ...changed, status: { ...changed.status, libraryRev: event.libraryRev } };
    case "peer-discovered":
    case "peer-updated": {
      const { type: _, ...peer } = event;
      const others = changed.peers.filter(({ peerId }) => peerId !== peer.peerId);
      return { ...changed, peers: [...others, peer].sort(byName) };
    }
    case "peer-incompatible": {
      const { peerId, addr, reason } = event;
      const others = changed.incompatible.filter((other) => other.peerId !== peerId);
      return peerId === null ? changed : { ...changed, incompatible: [...others, { peerId, addr, reason }] };
    }
    case "peer-incompatible-gone":
      return {
        ...changed,
        incompatible: changed.incompatible.filter(({ peerId }) => peerId !== event.peerId),
      };
    case "outbound-progress":
      return { ...changed, outbound: event.transfers };
    case "peer-lost":
      return { ...changed, peers: changed.peers.filter(({ peerId }) => peerId !== event.peerId) };
    default:
      return changed;
  }
}

function withOperations(
  { games }: DesktopSnapshot,
  { operations }: Extract<RuntimeEvent, { type: "active-operations-changed" }>,
): readonly ListedGame[] {
  const kinds = new Map(operations.map(({ gameId, kind }) => [gameId, kind]));
  return games.map((game) => {
    const operation = kinds.get(game.id) ?? null;
    return operation === game.operation ? game : { ...game, operation };
  });
}

/** Whether what the page knows of the own games may be old: the joint list has to be asked for. */
export function isListOld(event: RuntimeEvent): boolean {
  return event.type === "local-library-changed";
}
