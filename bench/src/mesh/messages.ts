import type { Moment } from "../moment.ts";

/** What a peer of the bench is told at its start. */
export interface PeerSettings {
  readonly name: string;
  readonly party: string;
  readonly gamesDir: string;
  readonly stateDir: string;
  /** False: nobody is looked for, the peer ends by itself when its library is indexed. */
  readonly meets: boolean;
  /** Peers of the party, this one among them, and the games of each. */
  readonly peers: number;
  readonly gamesPerPeer: number;
}

/** What a peer says by itself or when asked. */
export type PeerSays =
  /** It listens. */
  | { readonly kind: "ready"; readonly at: Moment; readonly peerId: string }
  /** It sees every other peer, and every game. Once. */
  | { readonly kind: "complete"; readonly at: Moment }
  /** It has applied a change of another peer. */
  | { readonly kind: "heard"; readonly at: Moment; readonly peerId: string; readonly rev: number }
  /** Its own library has this revision now. */
  | {
      readonly kind: "own";
      readonly rev: number;
      readonly games: number;
      readonly installed: number;
      /** Games whose digests are still being computed: another revision follows. */
      readonly unhashed: number;
    }
  | { readonly kind: "sample"; readonly sample: Sample };

/** What is shown at this moment, and what has been used since the start. */
export interface Sample {
  /** Of the own library. */
  readonly rev: number;
  /** Games of the joint library, and other peers. */
  readonly games: number;
  readonly peers: number;
  readonly cpuSeconds: number;
  readonly rssBytes: number;
  /** Messages `library_delta` that came. */
  readonly deltas: number;
  /** Whole libraries that others asked this peer for. */
  readonly snapshots: number;
}

/** What a peer is asked. */
export type PeerIsTold = { readonly kind: "sample" };
