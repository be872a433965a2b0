/** The other peers: how they are found, greeted, watched over and left, and what they have. */
export { type Clock, systemClock } from "./clock.ts";
export {
  type Discovery,
  type DiscoveryFactory,
  type DiscoveryOptions,
  mdnsDiscovery,
  type SeenPeer,
} from "./discovery.ts";
export { createPeerMesh, type PeerMeshOptions } from "./mesh.ts";
export type { Candidate, MeshEvent, PeerMesh, RemoteGame, RequestContext } from "./types.ts";
