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
export * from "./framing.ts";
export * from "./ids.ts";
export * from "./limits.ts";
export * from "./manifest.ts";
export * from "./mdns.ts";
export * from "./messages.ts";
export * from "./paths.ts";
