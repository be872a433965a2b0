/** Driving a peer by JSON lines: sessions, the control socket that is also the state directory's lock, its client. */
export type { StateDirClaim } from "./claim.ts";
export { type ConnectControlOptions, type ControlClient, connectControl } from "./client.ts";
export { LineSplitter } from "./line-splitter.ts";
export { type ControlServer, type OpenControlOptions, openControl } from "./server.ts";
export { type ControlSession, type ControlSessionOptions, createControlSession } from "./session.ts";
