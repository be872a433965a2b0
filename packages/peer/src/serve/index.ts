/** What other peers ask of this one: limits, schema, serving gate, and the bytes. */
export { decideServe, type ServeDecision, type ServeRequest, type ServeView } from "./gate.ts";
export { createRequestServer, type RequestServerOptions } from "./request-server.ts";
export type { ControlHandlers, RequestServer } from "./types.ts";
