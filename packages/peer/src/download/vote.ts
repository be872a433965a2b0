import type { Hash, PeerId } from "@lanspread/proto";

/** What one peer says the game consists of. All ballots of a vote are about one version. */
export interface Ballot {
  readonly peerId: PeerId;
  readonly manifestHash: Hash;
  /** Null where the peer has not hashed its pieces yet. */
  readonly contentId: Hash | null;
}

/** Peers that say the same. */
export interface VoteGroup {
  readonly manifestHash: Hash;
  readonly contentId: Hash | null;
  readonly peers: readonly PeerId[];
}

export type VoteResult =
  | { readonly status: "winner"; readonly winner: VoteGroup; readonly groups: readonly VoteGroup[] }
  /** Several groups are largest. */
  | { readonly status: "tie"; readonly groups: readonly VoteGroup[] }
  /** Nobody has the pinned content, or nobody voted. */
  | { readonly status: "nobody"; readonly groups: readonly VoteGroup[] };

/**
 * Decides what the game consists of: a pinned content_id alone, else the strict majority or the unique plurality.
 *
 * A peer that knows no content_id yet stands with those of the same manifest where these agree about one; where they do
 * not, nobody can tell with whom it would stand, and it is no part of either.
 */
export function vote(ballots: readonly Ballot[], pinned?: Hash): VoteResult {
  const groups = groupBallots(ballots);
  if (pinned !== undefined) {
    const winner = largest(groups.filter(({ contentId }) => contentId === pinned));
    return winner === undefined ? { status: "nobody", groups } : { status: "winner", winner, groups };
  }
  const [first, second] = groups;
  if (first === undefined) return { status: "nobody", groups };
  if (second !== undefined && second.peers.length === first.peers.length) return { status: "tie", groups };
  return { status: "winner", winner: first, groups };
}

/** The groups of a vote, largest first; the order of equal ones depends on what they say alone. */
export function groupBallots(ballots: readonly Ballot[]): VoteGroup[] {
  const known = new Map<Hash, Map<Hash, PeerId[]>>();
  const unknown = new Map<Hash, PeerId[]>();
  for (const { peerId, manifestHash, contentId } of ballots) {
    if (contentId === null) {
      append(unknown, manifestHash, peerId);
    } else {
      const contents = known.get(manifestHash) ?? new Map<Hash, PeerId[]>();
      known.set(manifestHash, contents);
      append(contents, contentId, peerId);
    }
  }
  const groups: VoteGroup[] = [];
  for (const [manifestHash, contents] of known) {
    const undecided = contents.size === 1 ? (unknown.get(manifestHash) ?? []) : [];
    for (const [contentId, peers] of contents) {
      groups.push({ manifestHash, contentId, peers: [...peers, ...undecided].sort() });
    }
  }
  for (const [manifestHash, peers] of unknown) {
    if (!known.has(manifestHash)) groups.push({ manifestHash, contentId: null, peers: peers.sort() });
  }
  return groups.sort((a, b) => b.peers.length - a.peers.length || (nameOf(a) < nameOf(b) ? -1 : 1));
}

function nameOf({ manifestHash, contentId }: VoteGroup): string {
  return `${manifestHash}:${contentId ?? ""}`;
}

/** A content_id covers its manifest_hash: honest peers with one content are in one group. Liars may be in others. */
function largest(groups: readonly VoteGroup[]): VoteGroup | undefined {
  return groups.find((group) => group.peers.length > 0);
}

function append<K, V>(lists: Map<K, V[]>, key: K, value: V): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [value]);
  else list.push(value);
}
