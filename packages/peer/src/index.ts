/**
 * The headless peer: finds others, shows everybody's games as one library, fetches, verifies and installs them. Hosts
 * (the command line, other programs, tests) use what is exported here, the commands and events of `@lanspread/proto`, and
 * nothing else.
 *
 * ```ts
 * const peer = await startPeer({ gamesDir, stateDir });
 * peer.onEvent((event) => { ... });
 * await peer.send({ type: "download-game-files", gameId });   // accepted; events tell the rest
 * await peer.stop();
 * ```
 *
 * @module
 */
export * from "./base.ts";
export {
  type BuildCatalogOptions,
  type BuiltCatalog,
  buildCatalog,
  type Catalog,
  type CatalogEntry,
  type MeasureProgress,
  openCatalog,
} from "./catalog/index.ts";
export {
  type ConnectControlOptions,
  type ControlClient,
  type ControlSession,
  type ControlSessionOptions,
  connectControl,
  createControlSession,
  LineSplitter,
} from "./control/index.ts";
export { createPartyCa, loadPartyCa, type PartyCa, writePartyCa } from "./identity/index.ts";
export {
  createExternalUnpacker,
  createUnrarJsUnpacker,
  type ExternalUnpacker,
  installedVersion,
  type Unpacker,
} from "./install/index.ts";
export { type Clock, type DiscoveryFactory, mdnsDiscovery, type RemoteGame } from "./peers/index.ts";
export {
  type CommandResults,
  type Peer,
  type PeerHandle,
  type PeerOptions,
  type PeerSnapshot,
  startPeer,
} from "./runtime/index.ts";
