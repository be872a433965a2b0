import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { eventually } from "@lanspread/testkit";
import type { InterfaceStatus, ServiceInstance } from "../src/index.ts";

const CHILD = fileURLToPath(new URL("./child.ts", import.meta.url));

/** One thing a child reported. */
export interface ChildLine extends Partial<ServiceInstance> {
  readonly event: "ready" | "up" | "changed" | "down" | "interfaces" | "closed";
  readonly interfaces?: readonly InterfaceStatus[];
}

export interface ChildOptions {
  readonly type: string;
  /** Empty: only looks. */
  readonly instance?: string;
  readonly port?: number;
  readonly interfaces?: readonly string[];
  readonly txt?: Readonly<Record<string, string>>;
  /** Wraps the command line, to run it in a namespace. */
  readonly wrap?: (program: string, ...args: string[]) => readonly [string, ...string[]];
}

/** A type of service that no other test uses at the same time, nor anybody else. */
export function uniqueType(): string {
  // At most 15 characters (RFC 6763 section 7.2).
  return `_lsp${randomBytes(5).toString("hex")}._udp.local`;
}

/** A program with mDNS in a process of its own. */
export class Child {
  readonly lines: ChildLine[] = [];
  readonly #process: ChildProcess;
  readonly #ended: Promise<void>;
  #complaints = "";

  constructor(options: ChildOptions) {
    const { type, instance = "", port = 4_433, interfaces = [], txt = {} } = options;
    const args = [
      "--conditions=source",
      CHILD,
      type,
      instance,
      String(port),
      interfaces.join(","),
      JSON.stringify(txt),
    ];
    const wrap = options.wrap ?? ((program, ...rest) => [program, ...rest] as const);
    const [program, ...rest] = wrap(process.execPath, ...args);
    const child = spawn(program, rest, { stdio: ["pipe", "pipe", "pipe"] });
    this.#process = child;
    this.#ended = new Promise((resolve) => child.once("close", () => resolve()));
    createInterface(child.stdout).on("line", (line) => this.lines.push(JSON.parse(line)));
    child.stderr.on("data", (chunk: Buffer) => {
      this.#complaints += chunk.toString();
    });
    // A child that was killed takes no orders any more.
    child.stdin.on("error", () => {});
  }

  /** The first line from `from` on that matches. */
  async line(match: (line: ChildLine) => boolean, what: string, from = 0): Promise<ChildLine> {
    return await eventually(
      () => {
        if (this.#process.exitCode !== null && !this.lines.slice(from).some(match))
          throw new Error(`the child has ended: ${this.#complaints}`);
        return this.lines.slice(from).find(match);
      },
      { what, deadlineMs: 60_000 },
    );
  }

  /** The next `event` about `instance`. */
  async event(event: ChildLine["event"], instance: string, from = 0): Promise<ChildLine> {
    return await this.line(
      (line) => line.event === event && line.instance === instance,
      `${event} ${instance}`,
      from,
    );
  }

  async ready(): Promise<this> {
    await this.line(({ event }) => event === "ready", "the child's start");
    return this;
  }

  order(order: object): void {
    this.#process.stdin?.write(`${JSON.stringify(order)}\n`);
  }

  /** Ends as a program should. */
  async close(): Promise<void> {
    this.order({ close: true });
    await this.#ended;
  }

  /** Ends without a word. */
  async kill(): Promise<void> {
    if (this.#process.exitCode === null) this.#process.kill("SIGKILL");
    await this.#ended;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
  }
}
