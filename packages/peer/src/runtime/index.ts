/** The peer as a whole: what a host starts, drives and watches. */
export { startPeer } from "./start-peer.ts";
export type { CommandResults, Peer, PeerHandle, PeerOptions, PeerSnapshot } from "./types.ts";
