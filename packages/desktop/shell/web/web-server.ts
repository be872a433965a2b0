import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import { type WebSocket, WebSocketServer } from "ws";
import { MAX_MESSAGE_BYTES, MOST_PAGES, SHELL_HOST, STOP_MS } from "../constants.ts";
import { COVER_MAX_AGE_S } from "../covers/constants.ts";
import { type Cover, Covers } from "../covers/covers.ts";
import { checkRequest, type DoorDecision, TOKEN_PARAMETER } from "../door/check-request.ts";
import { SECURITY_HEADERS, sessionCookie } from "../door/headers.ts";
import { createSecret, isSameSecret } from "../door/secret.ts";
import { Tokens } from "../door/tokens.ts";
import type { StaticFile, StaticFiles } from "./static-files.ts";

/** Where the page's socket is. */
export const SOCKET_PATH = "/socket";

export interface WebServerOptions {
  readonly files: StaticFiles;
  readonly covers: Covers;
  /** The port that is tried first, so that a window of the last run finds this one; 0 takes a free one. */
  readonly port: number;
  /** The session of the last run; null makes a new one. */
  readonly session: string | null;
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
  readonly #tokens = new Tokens();

  private constructor(options: WebServerOptions, server: Server) {
    this.#options = options;
    this.#server = server;
    this.session = options.session ?? createSecret();
    this.port = (server.address() as AddressInfo).port;
    this.#sockets = new WebSocketServer({
      noServer: true,
      maxPayload: MAX_MESSAGE_BYTES,
      perMessageDeflate: false,
    });
    server.on("request", (request, response) => this.#answer(request, response));
    server.on("upgrade", (request, socket, head) => this.#upgrade(request, socket, head));
  }

  /** @throws Error where not even a free port can be had */
  static async start(options: WebServerOptions): Promise<WebServer> {
    const server = createServer();
    try {
      await listen(server, options.port);
    } catch (error) {
      if (options.port === 0) throw error;
      await listen(server, 0);
    }
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
      this.#server.closeAllConnections();
    }, STOP_MS);
    this.#server.closeIdleConnections();
    await closed;
    clearTimeout(late);
  }

  get #host(): string {
    return `${SHELL_HOST}:${this.port}`;
  }

  #check(request: IncomingMessage, isUpgrade: boolean): DoorDecision {
    const { host, origin, cookie, "sec-fetch-site": fetchSite } = request.headers;
    return checkRequest(
      {
        ...{ method: request.method, target: request.url, host, origin, cookie, isUpgrade },
        fetchSite: Array.isArray(fetchSite) ? fetchSite.join() : fetchSite,
      },
      { host: this.#host, isSession: (value) => isSameSecret(value, this.session) },
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
    response.setHeader("Set-Cookie", sessionCookie(this.session));
    response.setHeader("Cache-Control", "no-store");
    response.writeHead(303, { Location: "/" }).end();
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const decision = this.#check(request, true);
    if (decision.kind === "refuse") hangUp(socket, decision.status);
    else if (decision.kind !== "allow" || decision.path !== SOCKET_PATH) hangUp(socket, 404);
    else if (this.pages >= MOST_PAGES) hangUp(socket, 503);
    else this.#sockets.handleUpgrade(request, socket, head, (page) => this.#options.onPage(page));
  }
}

/** Close code of a socket whose server stops (RFC 6455, 7.4.1). */
const GOING_AWAY = 1001;

const STATUS_TEXT: Readonly<Record<number, string>> = {
  400: "Bad Request",
  401: "Unauthorized",
  403: "Forbidden",
  404: "Not Found",
  405: "Method Not Allowed",
  503: "Service Unavailable",
};

function refuse(response: ServerResponse, status: number, why: string): void {
  response.setHeader("Cache-Control", "no-store");
  response.writeHead(status, { "Content-Type": "text/plain; charset=utf-8" }).end(`${why}\n`);
}

function hangUp(socket: Duplex, status: number): void {
  socket.on("error", () => {});
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_TEXT[status] ?? ""}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`,
  );
}

/** `Cache-Control` of what has its content's hash in its name, and of what has not. */
const FOR_EVER = "private, max-age=31536000, immutable";
const ASK_AGAIN = "no-cache";

interface Sent extends Pick<StaticFile | Cover, "type" | "bytes" | "etag"> {
  /** `Cache-Control`. */
  readonly caching: string;
}

function send(
  request: IncomingMessage,
  response: ServerResponse,
  { type, bytes, etag, caching }: Sent,
): void {
  response.setHeader("ETag", etag);
  response.setHeader("Cache-Control", caching);
  if (request.headers["if-none-match"] === etag) {
    response.writeHead(304).end();
    return;
  }
  response.writeHead(200, { "Content-Type": type, "Content-Length": bytes.length });
  response.end(request.method === "HEAD" ? undefined : bytes);
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, SHELL_HOST, () => {
      server.off("error", reject);
      resolve();
    });
  });
}
