import { mkdir, writeFile } from "node:fs/promises";
import { request } from "node:http";
import { createLogger, type LogEntry, type PeerOptions } from "@lanspread/peer";
import { eventually, type TemporaryDirectory, temporaryDirectory } from "@lanspread/testkit";
import { WebSocket } from "ws";
import type { PageMessage, ShellMessage } from "../protocol/messages.ts";
import { type Desktop, startDesktop } from "../shell/index.ts";

/** A machine under load takes its time. */
export const DEADLINE_MS = 60_000;

export interface Rig extends AsyncDisposable {
  readonly dir: TemporaryDirectory;
  readonly log: LogEntry[];
  /**
   * Starts the app in the same directories.
   *
   * @param explicit what counts whatever the settings say
   */
  start(more?: Partial<PeerOptions>, explicit?: Partial<PeerOptions>): Promise<Desktop>;
}

let parties = 0;

/** Makes what an app of its own party needs in a directory, and says what it is started with. */
export async function prepare(dir: TemporaryDirectory): Promise<{ peer: PeerOptions; page: string }> {
  await mkdir(dir.join("page", "assets"), { recursive: true });
  await writeFile(dir.join("page", "index.html"), "<!doctype html><title>lanspread</title>");
  await writeFile(dir.join("page", "assets", "app-1a2b.js"), "export {};");
  await mkdir(dir.join("games"));
  parties += 1;
  const party = `desktop-${process.pid}-${parties}`;
  const peer = {
    gamesDir: dir.join("games"),
    stateDir: dir.join("state"),
    party,
    listen: "127.0.0.1:0",
    interfaces: ["127.0.0.1"],
    discovery: null,
    lanes: 0,
  };
  return { peer, page: dir.join("page") };
}

/** An app of its own party, in a directory of its own. */
export async function createRig(): Promise<Rig> {
  const dir = await temporaryDirectory();
  const log: LogEntry[] = [];
  const running: Desktop[] = [];
  const { peer, page } = await prepare(dir);
  const logger = createLogger({ level: "debug", sink: (entry) => log.push(entry) });
  return {
    dir,
    log,
    start: async (more = {}, explicit = {}) => {
      const options = { peer: { ...peer, logger, ...more }, explicit, page, version: "1.2.3", logger };
      const desktop = await startDesktop(options);
      running.push(desktop);
      return desktop;
    },
    [Symbol.asyncDispose]: async () => {
      for (const desktop of running) await desktop[Symbol.asyncDispose]();
      await dir[Symbol.asyncDispose]();
    },
  };
}

export interface Answer {
  readonly status: number;
  readonly headers: NodeJS.Dict<string | string[]>;
  readonly body: string;
}

/** Asks as a browser would, and as none would: `headers` replace what the address says. */
export function ask(
  address: string,
  headers: Readonly<Record<string, string>> = {},
  method = "GET",
): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  const asked = request(address, { method, headers, agent: false }, (response) => {
    const chunks: Buffer[] = [];
    response.on("data", (chunk: Buffer) => chunks.push(chunk));
    response.on("end", () =>
      resolve({
        status: response.statusCode ?? 0,
        headers: response.headers,
        body: Buffer.concat(chunks).toString(),
      }),
    );
  });
  asked.on("error", reject);
  asked.end();
  return promise;
}

/** Goes in by an address that the app opened. @returns its origin, and the cookie that the browser keeps */
export async function enter(address: string): Promise<{ readonly origin: string; readonly cookie: string }> {
  const { headers } = await ask(address);
  const [cookie = ""] = (headers["set-cookie"] as string[] | undefined)?.[0]?.split(";") ?? [];
  return { origin: new URL(address).origin, cookie };
}

/** A page that is connected. */
export class TestPage {
  readonly messages: ShellMessage[] = [];
  readonly socket: WebSocket;
  #lastId = 0;

  private constructor(socket: WebSocket) {
    this.socket = socket;
    socket.on("message", (data) => this.messages.push(JSON.parse(data.toString()) as ShellMessage));
  }

  /** Resolves when the first snapshot is there. */
  static async open({
    origin,
    cookie,
  }: {
    readonly origin: string;
    readonly cookie: string;
  }): Promise<TestPage> {
    const socket = new WebSocket(`${origin.replace("http", "ws")}/socket`, { headers: { cookie, origin } });
    const page = new TestPage(socket);
    const failed = new Promise<never>((_, reject) => socket.once("error", reject));
    await Promise.race([page.until((message) => message.type === "snapshot"), failed]);
    return page;
  }

  async until(is: (message: ShellMessage) => boolean): Promise<ShellMessage> {
    await eventually(() => this.messages.some(is), { what: "the shell's message", deadlineMs: DEADLINE_MS });
    const message = this.messages.find(is);
    if (message === undefined) throw new Error("it was there a moment ago");
    return message;
  }

  /** Asks, and resolves with what comes back. */
  async ask(
    request: PageMessage extends infer M ? (M extends { id: number } ? Omit<M, "id"> : never) : never,
  ) {
    this.#lastId += 1;
    const id = this.#lastId;
    this.socket.send(JSON.stringify({ ...request, id }));
    return await this.until((message) => "id" in message && message.id === id);
  }
}
