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
