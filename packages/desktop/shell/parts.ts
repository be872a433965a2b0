/**
 * Parts of the app by themselves, for the bench. No host needs them.
 *
 * @module
 */
export type { PageMessage } from "../protocol/messages.ts";
export { progressAfter } from "../protocol/progress.ts";
export type { DesktopSnapshot, PartyView } from "../protocol/snapshot.ts";
export { type ServedPages, servePages } from "./serve-pages.ts";
export type { PageHost } from "./session/page-session.ts";
export { BUILT_PAGE } from "./web/built-page.ts";
export { findBrowsers } from "./window/find-browser.ts";
