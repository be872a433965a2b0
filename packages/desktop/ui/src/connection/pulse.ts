/** How often it is looked whether the other end says anything, milliseconds. */
const LOOK_MS = 2_000;

/** Looks in a row that heard nothing: so long no shell that runs is busy with one thing. */
const MOST_SILENT = 4;

export interface PulseOptions {
  /** Asks the other end something that it answers at once. */
  readonly ask: () => void;
  /** Nobody answers any more, or somebody does again. */
  readonly onChange: (isAlive: boolean) => void;
}

/**
 * Notices that nobody is at the other end of an open connection: a process that was stopped, or hangs. Counts looks instead of
 * time, so that a computer that has slept takes nobody for dead.
 */
export class Pulse {
  readonly #options: PulseOptions;
  #timer: ReturnType<typeof setInterval> | undefined;
  #silentLooks = 0;

  constructor(options: PulseOptions) {
    this.#options = options;
  }

  /** Whether something was asked long ago, and nobody has said anything since. */
  get isSilent(): boolean {
    return this.#silentLooks >= MOST_SILENT;
  }

  /** Somebody is there, from now on until they are silent. */
  start(): void {
    this.stop();
    this.#timer = setInterval(() => this.#look(), LOOK_MS);
  }

  /** Something has come. */
  heard(): void {
    const wasSilent = this.isSilent;
    this.#silentLooks = 0;
    if (wasSilent) this.#options.onChange(true);
  }

  /** The connection is over: that says more. */
  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#silentLooks = 0;
  }

  #look(): void {
    if (this.isSilent) return;
    this.#silentLooks += 1;
    // What was asked and not answered waits still: one question at a time.
    if (this.#silentLooks === 1) this.#options.ask();
    else if (this.isSilent) this.#options.onChange(false);
  }
}
