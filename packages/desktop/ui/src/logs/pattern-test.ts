/** Texts to be tested, and which of them match. */
export interface PatternQuestion {
  readonly pattern: string;
  readonly texts: readonly string[];
}

/** `begun`, then one entry for each text. */
export type PatternAnswer = "begun" | readonly boolean[];

/** Time that one portion of texts may take, milliseconds: a thousand times what a sound pattern needs. */
const LIMIT_MS = 1_000;

/** Time that a thread has to begin, milliseconds: the machine may be busy with games. */
const BEGIN_MS = 20_000;

/** The part of a worker that is needed here. */
export interface PatternWorker {
  onmessage: ((event: { readonly data: PatternAnswer }) => void) | null;
  onerror: ((event: unknown) => void) | null;
  postMessage(question: PatternQuestion): void;
  terminate(): void;
}

/** The pattern took too long, and was ended. */
export class SlowPatternError extends Error {
  override readonly name = "SlowPatternError";
}

/** Tests texts with patterns in a thread of its own, which is ended where one takes too long. One question at a time. */
export class PatternTest {
  readonly #start: () => PatternWorker;
  #worker: PatternWorker | null = null;

  constructor(start: () => PatternWorker) {
    this.#start = start;
  }

  /** @throws SlowPatternError */
  run(pattern: string, texts: readonly string[]): Promise<readonly boolean[]> {
    this.#worker ??= this.#start();
    const worker = this.#worker;
    const { promise, resolve, reject } = Promise.withResolvers<readonly boolean[]>();
    const tooLate = (): void => {
      this.close();
      reject(new SlowPatternError());
    };
    let timer = setTimeout(tooLate, BEGIN_MS);
    worker.onmessage = ({ data }) => {
      clearTimeout(timer);
      if (data === "begun") timer = setTimeout(tooLate, LIMIT_MS);
      else resolve(data);
    };
    worker.onerror = () => {
      clearTimeout(timer);
      tooLate();
    };
    worker.postMessage({ pattern, texts });
    return promise;
  }

  /** Ends the thread, and whatever it is at. */
  close(): void {
    this.#worker?.terminate();
    this.#worker = null;
  }
}
