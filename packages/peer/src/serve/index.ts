/** What other peers ask of this one: limits, schema, serving gate, and the bytes. */
export { type AnswerGameOptions, answerGame } from "./answer-game.ts";
export type { AnsweringStream } from "./answering-stream.ts";
export { serveRequestOf } from "./game-requests.ts";
export { decideServe, isServable, type ServeDecision, type ServeRequest, type ServeView } from "./gate.ts";
export { Refused } from "./refused.ts";
export { createRequestServer, type RequestServerOptions } from "./request-server.ts";
export { createServeViews } from "./serve-view.ts";
export { createFileSlots, placesOf } from "./slots.ts";
export { StreamServer } from "./stream-server.ts";
export type { ControlHandlers, RequestServer } from "./types.ts";
