import { type Answer, encodeFrame, RESET, type Request, WireError } from "@lanspread/proto";
import { readAnswer } from "./read-answer.ts";
import type { DataAnswer, RawAnswer, RawChannel, RequestChannel } from "./request-channel.ts";
import type { RequestStream, Waiting } from "./request-stream.ts";

/**
 * A request channel over the streams of one connection: every request opens one, sends its frame and finishes its side.
 *
 * Methods reject with what the streams reject with, and with a WireError where the answer breaks the wire's rules.
 */
export function createStreamChannel(
  openStream: (options: Waiting) => Promise<RequestStream>,
): RequestChannel & RawChannel {
  return new StreamChannel(openStream);
}

class StreamChannel implements RequestChannel, RawChannel {
  readonly #openStream: (options: Waiting) => Promise<RequestStream>;

  constructor(openStream: (options: Waiting) => Promise<RequestStream>) {
    this.#openStream = openStream;
  }

  async request(request: Request, options: Waiting = {}): Promise<Answer> {
    const data = await this.requestData(request, options);
    try {
      // The end comes with the frame; what comes instead of it would be bytes that nobody asked for.
      if ((await data.read(new Uint8Array(1), options)) > 0) {
        throw new WireError("bad_request", `bytes behind the answer to ${request.type}`);
      }
      return data.answer;
    } finally {
      data.cancel();
    }
  }

  requestData(request: Request, options: Waiting = {}): Promise<DataAnswer> {
    return this.#ask(request, options, async (stream) => {
      const { answer, rest } = await readAnswer(stream, request, options);
      return new StreamDataAnswer(answer, stream, rest);
    });
  }

  requestRaw(request: Request, options: Waiting = {}): Promise<RawAnswer> {
    return this.#ask(request, options, async (stream) => new StreamAnswer(stream));
  }

  async #ask<T>(request: Request, options: Waiting, take: (stream: RequestStream) => Promise<T>): Promise<T> {
    options.signal?.throwIfAborted();
    const stream = await this.#openStream(options);
    try {
      const written = stream.write(encodeFrame(request), options);
      // In one turn with the bytes: an end that travels alone can get lost.
      stream.finish();
      await written;
      return await take(stream);
    } catch (error) {
      const code = error instanceof WireError ? error.reset : RESET.cancelled;
      stream.reset(code);
      stream.stop(code);
      throw error;
    }
  }
}

class StreamAnswer implements RawAnswer {
  readonly #stream: Pick<RequestStream, "stop">;
  readonly #rest: Pick<RequestStream, "read">;
  #over = false;

  /** @param rest where the bytes that were not read yet come from */
  constructor(stream: RequestStream, rest: Pick<RequestStream, "read"> = stream) {
    this.#stream = stream;
    this.#rest = rest;
  }

  async read(into: Uint8Array, options: Waiting = {}): Promise<number> {
    if (this.#over) return 0;
    try {
      const count = await this.#rest.read(into, options);
      if (count === 0) this.#over = true;
      return count;
    } catch (error) {
      this.cancel();
      throw error;
    }
  }

  cancel(): void {
    if (this.#over) return;
    this.#over = true;
    this.#stream.stop(RESET.cancelled);
  }
}

class StreamDataAnswer extends StreamAnswer implements DataAnswer {
  readonly answer: Answer;

  constructor(answer: Answer, stream: RequestStream, rest: Pick<RequestStream, "read">) {
    super(stream, rest);
    this.answer = answer;
  }
}
