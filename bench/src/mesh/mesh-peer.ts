import { beside } from "../beside.ts";
import { Child } from "../child.ts";
import type { PeerFolders } from "./games.ts";
import type { PeerIsTold, PeerSays, PeerSettings, Sample } from "./messages.ts";

const HOST = beside(import.meta.url, "./hosts/peer");

type Said<Kind extends PeerSays["kind"]> = Extract<PeerSays, { readonly kind: Kind }>;

/** One peer of the party: a process, its folders, and what it has said so far. */
export class MeshPeer implements AsyncDisposable {
  readonly folders: PeerFolders;
  readonly pid: number;
  /** The last thing said about the own library; null before the first. */
  own: Said<"own"> | null = null;
  ready: Said<"ready"> | null = null;
  complete: Said<"complete"> | null = null;
  /** What was heard of others; who waits for something new empties it first. */
  readonly heard: Said<"heard">[] = [];
  readonly #child: Child;
  readonly #changed: () => void;
  #samples: ((sample: Sample) => void)[] = [];
  #failure: Error | null = null;

  /** @param changed called whenever it has said something, and when it has ended without having been asked to */
  constructor(options: {
    readonly folders: PeerFolders;
    readonly settings: PeerSettings;
    readonly prefix: readonly string[];
    readonly signal: AbortSignal;
    readonly changed: () => void;
  }) {
    this.folders = options.folders;
    this.#changed = options.changed;
    this.#child = new Child({ ...options, module: HOST });
    this.pid = this.#child.pid;
    void this.#listen();
  }

  /** @throws Error when the process has ended */
  throwIfEnded(): void {
    if (this.#failure !== null) throw this.#failure;
  }

  /** What has been used since the start. */
  sample(): Promise<Sample> {
    const asked: PeerIsTold = { kind: "sample" };
    const { promise, resolve, reject } = Promise.withResolvers<Sample>();
    this.#samples.push(resolve);
    this.#child.tell(asked);
    if (this.#failure !== null) reject(this.#failure);
    return promise;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#child[Symbol.asyncDispose]();
  }

  async #listen(): Promise<void> {
    try {
      for (;;) {
        this.#take((await this.#child.says()) as PeerSays);
        this.#changed();
      }
    } catch (error) {
      this.#failure = error instanceof Error ? error : new Error(String(error));
      this.#changed();
    }
  }

  #take(said: PeerSays): void {
    if (said.kind === "ready") this.ready = said;
    else if (said.kind === "complete") this.complete = said;
    else if (said.kind === "own") this.own = said;
    else if (said.kind === "heard") this.heard.push(said);
    else this.#samples.shift()?.(said.sample);
  }
}
