/**
 * What lanspread says on the wire and to its hosts: schemas, framing, limits, path rules and digests. Pure: no sockets,
 * no disk, no clock.
 *
 * @module
 */
export * from "./control/commands.ts";
export * from "./control/events.ts";
export * from "./control/harness.ts";
export * from "./control/views.ts";
export * from "./digests.ts";
export * from "./errors.ts";
export { gameNameSchema, nameSchema } from "./fields.ts";
export { encodeFrame, FRAME_HEADER_BYTES, FrameDecoder } from "./framing.ts";
export * from "./ids.ts";
export * from "./library.ts";
export * from "./limits.ts";
export * from "./listen-address.ts";
export * from "./manifest.ts";
export * from "./manifest-rules.ts";
export * from "./manifest-schema.ts";
export * from "./mdns.ts";
export * from "./messages.ts";
export * from "./parse.ts";
export * from "./paths.ts";
export * from "./stream-install.ts";
export * from "./tagged-framing.ts";
