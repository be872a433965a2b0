import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import { type WebSocket, WebSocketServer } from "ws";
import {
  CHECK_REQUESTS_MS,
  CLOSE_MS,
  MAX_MESSAGE_BYTES,
  MOST_PAGES,
  REQUEST_MS,
  SHELL_HOST,
  STOP_MS,
} from "../constants.ts";
import { COVER_MAX_AGE_S } from "../covers/constants.ts";
import { Covers } from "../covers/covers.ts";
import { checkRequest, cookieNameOf, type DoorDecision, TOKEN_PARAMETER } from "../door/check-request.ts";
import type { Door } from "../door/door-file.ts";
import { SECURITY_HEADERS, sessionCookie } from "../door/headers.ts";
import { createSecret, isSameSecret } from "../door/secret.ts";
import { Tokens } from "../door/tokens.ts";
import { ASK_AGAIN, endBroken, FOR_EVER, hangUp, refuse, send } from "./answers.ts";
import { Connections } from "./connections.ts";
import type { StaticFiles } from "./static-files.ts";

/** Where the page's socket is. */
export const SOCKET_PATH = "/socket";

export interface WebServerOptions {
  readonly files: StaticFiles;
  /** Pictures of the catalog by their addresses; null where there is none. Never rejects. */
  readonly covers: Pick<Covers, "read">;
  /** Where the last run was reached: a window of it finds this one there. Null where there was none. */
  readonly last: Door | null;
  /** A page has opened its socket. */
  readonly onPage: (socket: WebSocket) => void;
}

/** Serves the page and its socket to browsers on this computer that came through an address of {@link openAddress}. */
export class WebServer implements AsyncDisposable {
  readonly session: string;
  readonly port: number;
  readonly #options: WebServerOptions;
  readonly #server: Server;
  readonly #sockets: WebSocketServer;
  readonly #connections = new Connections();
  readonly #tokens = new Tokens();

  private constructor(options: WebServerOptions, server: Server) {
    this.#options = options;
    this.#server = server;
    this.port = (server.address() as AddressInfo).port;
    // Whoever has the last port now may have been sent the last session, by a window that looks for its app there.
    this.session = options.last?.port === this.port ? options.last.session : createSecret();
    this.#sockets = new WebSocketServer(SOCKET_OPTIONS);
    this.#sockets.on("headers", (headers) => headers.push(...HEADER_LINES));
    this.#sockets.on("wsClientError", (_, socket) => hangUp(socket, 400));
    server.on("connection", (connection) => this.#connections.add(connection));
    server.on("request", (request, response) => this.#answer(request, response));
    server.on("upgrade", (request, socket, head) => this.#upgrade(request, socket, head));
    // Otherwise Node would answer these itself, without the headers that every answer has.
    server.on("checkExpectation", (request, response) => this.#answer(request, response));
    server.on("clientError", (error: NodeJS.ErrnoException, socket) => endBroken(socket, error.code));
  }

  /** @throws Error where not even a free port can be had */
  static async start(options: WebServerOptions): Promise<WebServer> {
    const server = createServer({
      // The door says what a request without a Host is told.
      requireHostHeader: false,
      headersTimeout: REQUEST_MS,
      requestTimeout: REQUEST_MS,
      connectionsCheckingInterval: CHECK_REQUESTS_MS,
    });
    const port = options.last?.port ?? 0;
    try {
      await listen(server, port);
    } catch (error) {
      if (port === 0) throw error;
      await listen(server, 0);
    }
    // A connection that cannot be accepted is none; those that are there go on.
    server.on("error", () => {});
    return new WebServer(options, server);
  }

  /** An address for a browser, which opens the page once. */
  openAddress(): string {
    return `http://${this.#host}/?${TOKEN_PARAMETER}=${this.#tokens.create()}`;
  }

  /** How many pages are connected. */
  get pages(): number {
    return this.#sockets.clients.size;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
    });
    for (const socket of this.#sockets.clients) socket.close(GOING_AWAY, "lanspread stops");
    const late = setTimeout(() => {
      for (const socket of this.#sockets.clients) socket.terminate();
      this.#connections.destroyAll();
    }, STOP_MS);
    this.#server.closeIdleConnections();
    await closed;
    clearTimeout(late);
  }

  get #host(): string {
    return `${SHELL_HOST}:${this.port}`;
  }

  #check(request: IncomingMessage, isUpgrade: boolean): DoorDecision {
    const { host, origin, cookie, "sec-fetch-site": fetchSite } = request.headersDistinct;
    return checkRequest(
      {
        method: request.method,
        target: request.url,
        // What is said twice is neither the one nor the other.
        host: host?.join(", "),
        origin: origin?.join(", "),
        fetchSite: fetchSite?.join(", "),
        cookie: cookie?.join("; "),
        isUpgrade,
      },
      {
        host: this.#host,
        cookie: cookieNameOf(this.port),
        isSession: (value) => isSameSecret(value, this.session),
      },
    );
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    for (const [name, value] of Object.entries(SECURITY_HEADERS)) response.setHeader(name, value);
    const decision = this.#check(request, false);
    switch (decision.kind) {
      case "refuse":
        refuse(response, decision.status, decision.why);
        break;
      case "enter":
        this.#enter(response, decision.token);
        break;
      case "allow": {
        this.#connections.admit(request.socket);
        if (Covers.isCover(decision.path)) {
          void this.#sendCover(request, response, decision.path);
          break;
        }
        const file = this.#options.files.get(decision.path);
        if (file === undefined) refuse(response, 404, "there is nothing here");
        else send(request, response, { ...file, caching: file.isImmutable ? FOR_EVER : ASK_AGAIN });
      }
    }
  }

  async #sendCover(request: IncomingMessage, response: ServerResponse, path: string): Promise<void> {
    const cover = await this.#options.covers.read(path);
    if (cover === null) refuse(response, 404, "there is no picture of this game");
    else send(request, response, { ...cover, caching: `private, max-age=${COVER_MAX_AGE_S}` });
  }

  #enter(response: ServerResponse, token: string): void {
    if (!this.#tokens.use(token)) {
      refuse(response, 401, "this address was used before, or is too old: open lanspread again");
      return;
    }
    response.setHeader("Set-Cookie", sessionCookie(cookieNameOf(this.port), this.session));
    response.setHeader("Cache-Control", "no-store");
    response.writeHead(303, { Location: "/" }).end();
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const decision = this.#check(request, true);
    if (decision.kind === "refuse") hangUp(socket, decision.status);
    else if (decision.kind !== "allow" || decision.path !== SOCKET_PATH) hangUp(socket, 404);
    else if (this.pages >= MOST_PAGES) hangUp(socket, 503);
    else this.#sockets.handleUpgrade(request, socket, head, (page) => this.#welcome(page, socket));
  }

  #welcome(page: WebSocket, socket: Duplex): void {
    this.#connections.release(socket);
    this.#options.onPage(page);
  }
}

/** Not in place, since its types do not know of `closeTimeout` yet. */
const SOCKET_OPTIONS = {
  noServer: true,
  maxPayload: MAX_MESSAGE_BYTES,
  perMessageDeflate: false,
  closeTimeout: CLOSE_MS,
};

/** Close code of a socket whose server stops (RFC 6455, 7.4.1). */
const GOING_AWAY = 1001;

const HEADER_LINES = Object.entries(SECURITY_HEADERS).map(([name, value]) => `${name}: ${value}`);

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, SHELL_HOST, () => {
      server.off("error", reject);
      resolve();
    });
  });
}
