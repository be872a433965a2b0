/** Questions to another thread, which are answered in any order. */
export class Questions<Answer> {
  readonly #waiting = new Map<number, (answer: Answer) => void>();
  #last = 0;

  /** @param send sends the question with its number */
  ask(send: (question: number) => void): Promise<Answer> {
    const { promise, resolve } = Promise.withResolvers<Answer>();
    this.#last += 1;
    this.#waiting.set(this.#last, resolve);
    send(this.#last);
    return promise;
  }

  /** Answers all that wait. */
  answerAll(answer: Answer): void {
    for (const question of [...this.#waiting.keys()]) this.answer(question, answer);
  }

  /** What nobody asked, or what was answered before, is ignored. */
  answer(question: number, answer: Answer): void {
    const resolve = this.#waiting.get(question);
    this.#waiting.delete(question);
    resolve?.(answer);
  }
}
