import type { Logger } from "@lanspread/peer";
import { Covers } from "./covers/covers.ts";
import { type PageHost, servePage } from "./session/page-session.ts";
import { BUILT_PAGE } from "./web/built-page.ts";
import { loadStaticFiles } from "./web/static-files.ts";
import { WebServer } from "./web/web-server.ts";

export interface ServePagesOptions {
  /** What the pages show. */
  readonly host: PageHost;
  readonly logger: Logger;
}

/** Pages of a host. Disposing of it ends them. */
export interface ServedPages extends AsyncDisposable {
  /** An address that opens the page once, in the next minutes. */
  openAddress(): string;
}

/**
 * Serves the built page for whatever a host shows, through the door of the app and without its peer: to see and to measure
 * how the page copes with parties that nobody has at home.
 */
export async function servePages({ host, logger }: ServePagesOptions): Promise<ServedPages> {
  return await WebServer.start({
    files: await loadStaticFiles(BUILT_PAGE),
    covers: Covers.of(undefined, [], logger),
    last: null,
    onPage: (socket) => servePage(socket, host, logger),
  });
}
