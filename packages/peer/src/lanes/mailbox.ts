/**
 * Messages to another thread, sent together with all others of the same turn: of a small file there are more messages than
 * anything else, and each one alone wakes the other thread.
 */
export class Mailbox<Message> {
  readonly #send: (messages: readonly Message[]) => void;
  #messages: Message[] = [];

  constructor(send: (messages: readonly Message[]) => void) {
    this.#send = send;
  }

  post(message: Message): void {
    if (this.#messages.push(message) === 1) setImmediate(() => this.flush());
  }

  /** Sends what waits at once: the thread may be about to end. */
  flush(): void {
    const messages = this.#messages;
    if (messages.length === 0) return;
    this.#messages = [];
    this.#send(messages);
  }
}

/** Messages of one turn on their way to another thread: as JSON where they come by the thousand. */
export type Packed<Message> = string | readonly Message[];

/**
 * @param isMany whether a message is of a kind that comes with every small file, and holds nothing that JSON has not: cloned field by
 *   field it would cost both threads several times as much
 */
export function pack<Message>(
  messages: readonly Message[],
  isMany: (message: Message) => boolean,
): Packed<Message> {
  return messages.every(isMany) ? JSON.stringify(messages) : messages;
}

export function unpack<Message>(packed: Packed<Message>): readonly Message[] {
  return typeof packed === "string" ? JSON.parse(packed) : packed;
}
