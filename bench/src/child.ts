import { type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";

/** How long a child may take to end by itself after its input was closed, in ms; then it is killed. */
const END_DEADLINE_MS = 5_000;

export interface ChildOptions {
  /** What stands before Node's command line, such as `ip netns exec NAME`. */
  readonly prefix?: readonly string[];
  /** Module to run. */
  readonly module: URL;
  /** Handed over as the only argument, as JSON. */
  readonly settings: unknown;
  readonly signal: AbortSignal;
}

/**
 * A process of its own that is measured. It says things by JSON lines on its output, and ends when its input is closed, so that none
 * outlives the program that started it.
 */
export class Child implements AsyncDisposable {
  readonly #process: ChildProcessByStdio<Writable, Readable, null>;
  readonly #name: string;
  readonly #lines: AsyncIterator<string>;
  readonly #ended: Promise<unknown>;

  constructor({ prefix = [], module, settings, signal }: ChildOptions) {
    signal.throwIfAborted();
    this.#name = module.pathname;
    const command = [
      ...prefix,
      process.execPath,
      ...process.execArgv, // the same sources or builds as we run on
      module.pathname,
      JSON.stringify(settings),
    ];
    const [program = process.execPath, ...args] = command;
    this.#process = spawn(program, args, { stdio: ["pipe", "pipe", "inherit"] });
    this.#process.stdin.on("error", () => undefined); // it has ended: its missing answer says so
    this.#ended = new Promise((resolve) => {
      this.#process.once("close", resolve);
      this.#process.once("error", resolve);
    });
    this.#lines = createInterface({ input: this.#process.stdout })[Symbol.asyncIterator]();
    const abort = () => this.#process.kill();
    signal.addEventListener("abort", abort, { once: true });
    void this.#ended.then(() => signal.removeEventListener("abort", abort));
  }

  /** Its process id; -1 where it could not be started. */
  get pid(): number {
    return this.#process.pid ?? -1;
  }

  /** Tells it something; it hears that by {@link told}. Nothing where it has ended: its missing answer says so. */
  tell(value: unknown): void {
    this.#process.stdin.write(`${JSON.stringify(value)}\n`);
  }

  /** The next thing that it says. Rejects when it ends instead. */
  async says(): Promise<unknown> {
    const line = await this.#lines.next();
    if (line.done === true) throw new Error(`${this.#name} ended without an answer`);
    return JSON.parse(line.value);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#process.stdin.end();
    const late = setTimeout(() => this.#process.kill("SIGKILL"), END_DEADLINE_MS);
    await this.#ended;
    clearTimeout(late);
  }
}

/** In the child: says something to the parent. */
export function say(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value)}\n`);
}

/** In the child: one thing after the other that the parent tells; ends when the parent wants it to end, or is gone. */
export async function* told(): AsyncGenerator<unknown, void> {
  for await (const line of createInterface({ input: process.stdin })) yield JSON.parse(line);
}

/** In the child: resolves when the parent wants it to end, or is gone. */
export async function parentIsDone(): Promise<void> {
  process.stdin.resume();
  await once(process.stdin, "end");
}

/** In the child, which is told nothing more: ends it when the parent is gone, since nobody needs it then. */
export function endWithParent(): void {
  process.stdin.on("end", () => process.exit(0)).resume();
}

/** In the child: what it was told. */
export function settings<T>(): T {
  return JSON.parse(process.argv[2] ?? "{}") as T;
}
