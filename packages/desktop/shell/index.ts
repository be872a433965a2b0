/**
 * The desktop app's shell: starts a peer, and serves a page to browsers on this computer that shows it.
 *
 * @module
 */
export { type Desktop, startDesktop } from "./desktop.ts";
export type { DesktopOptions } from "./open-shell.ts";
export { type RunDesktopOptions, runDesktop } from "./run-desktop.ts";
