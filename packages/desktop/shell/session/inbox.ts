export interface InboxOptions<Message> {
  /** Answers a message. Never rejects. */
  readonly handle: (message: Message) => Promise<void>;
  /** Messages that are handled at the same time, at most. */
  readonly most: number;
  /** Whether there is room for what answers a message. */
  readonly hasRoom: () => boolean;
  /** Whether messages wait: then no more should be read. */
  readonly onFullChange: (isFull: boolean) => void;
}

/** Messages of a page in their order, where one that asks faster than it takes its answers has to wait. */
export class Inbox<Message> {
  readonly #options: InboxOptions<Message>;
  readonly #waiting: Message[] = [];
  #handled = 0;
  #isFull = false;

  constructor(options: InboxOptions<Message>) {
    this.#options = options;
  }

  get isFull(): boolean {
    return this.#isFull;
  }

  push(message: Message): void {
    this.#waiting.push(message);
    this.next();
  }

  /** Handles what waits, as far as there is room. To be called when there may be more of it. */
  next(): void {
    const { handle, most, hasRoom, onFullChange } = this.#options;
    while (this.#handled < most && hasRoom()) {
      const message = this.#waiting.shift();
      if (message === undefined) break;
      this.#handled += 1;
      void handle(message).then(() => {
        this.#handled -= 1;
        this.next();
      });
    }
    const isFull = this.#waiting.length > 0;
    if (isFull === this.#isFull) return;
    this.#isFull = isFull;
    onFullChange(isFull);
  }

  /** Forgets what waits. */
  clear(): void {
    this.#waiting.length = 0;
  }
}
