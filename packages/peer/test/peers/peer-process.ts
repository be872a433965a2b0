import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { LibrarySnapshot, ListedPeer } from "@lanspread/proto";
import type { Identity } from "../../src/identity/index.ts";
import type { LivenessLimits } from "../../src/peers/liveness.ts";

const CHILD = fileURLToPath(new URL("./peer-child.ts", import.meta.url));

export interface ChildOptions {
  readonly identity: Identity;
  readonly name: string;
  readonly party: string;
  readonly library: LibrarySnapshot;
  readonly liveness: LivenessLimits;
}

/** What a child knows. */
export interface ChildView {
  /** Its own listener. */
  readonly addr: string;
  readonly peers: readonly ListedPeer[];
  readonly games: readonly string[];
}

/** A peer in a process of its own, which can be stopped in the middle of everything. */
export class PeerProcess implements AsyncDisposable {
  readonly #process: ChildProcess;
  readonly #ended: Promise<void>;
  #view: ChildView | null = null;
  #complaints = "";

  constructor(options: ChildOptions) {
    const child = spawn(process.execPath, ["--conditions=source", CHILD, JSON.stringify(options)], {
      stdio: ["pipe", "pipe", "pipe"],
    });
    this.#process = child;
    this.#ended = new Promise((resolve) => child.once("close", () => resolve()));
    createInterface(child.stdout).on("line", (line) => {
      this.#view = JSON.parse(line);
    });
    child.stderr.on("data", (chunk: Buffer) => {
      this.#complaints += chunk.toString();
    });
  }

  /** What it has said last. */
  get view(): ChildView {
    if (this.#view === null) throw new Error(`nothing was said yet: ${this.#complaints}`);
    return this.#view;
  }

  publish(snapshot: LibrarySnapshot): void {
    this.#process.stdin?.write(`${JSON.stringify(snapshot)}\n`);
  }

  /** As a computer that goes to sleep: nothing runs, nothing is closed. */
  suspend(): void {
    this.#process.kill("SIGSTOP");
  }

  resume(): void {
    this.#process.kill("SIGCONT");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // Killed also while it is stopped.
    if (this.#process.exitCode === null) this.#process.kill("SIGKILL");
    await this.#ended;
  }
}
