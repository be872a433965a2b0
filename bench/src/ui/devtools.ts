import { ANSWER_MS } from "./constants.ts";

interface Answer {
  readonly id?: number;
  readonly result?: unknown;
  readonly error?: { readonly message: string };
}

interface Waiting {
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: Error) => void;
}

/** A browser as its tools drive it (Chrome DevTools Protocol): the browser as a whole, and one of its pages. */
export class DevTools implements Disposable {
  readonly #socket: WebSocket;
  readonly #waiting = new Map<number, Waiting>();
  #lastId = 0;
  #page = "";

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.onmessage = ({ data }) => this.#hear(JSON.parse(String(data)) as Answer);
    socket.onclose = () => {
      for (const { reject } of this.#waiting.values()) reject(new Error("the browser is gone"));
      this.#waiting.clear();
    };
  }

  /** Connects with the browser at an address of its tools, and with its page. */
  static async connect(address: string): Promise<DevTools> {
    const socket = new WebSocket(address);
    await new Promise<void>((resolve, reject) => {
      socket.onopen = () => resolve();
      socket.onerror = () => reject(new Error(`the browser's tools at ${address} do not answer`));
    });
    const tools = new DevTools(socket);
    const { targetInfos } = await tools.ask<{
      readonly targetInfos: readonly { readonly targetId: string; readonly type: string }[];
    }>("Target.getTargets", {});
    const page = targetInfos.find(({ type }) => type === "page");
    if (page === undefined) throw new Error("the browser has no page");
    const { sessionId } = await tools.ask<{ readonly sessionId: string }>("Target.attachToTarget", {
      targetId: page.targetId,
      flatten: true,
    });
    tools.#page = sessionId;
    return tools;
  }

  /** Asks the browser. */
  ask<Result>(method: string, params: object): Promise<Result> {
    return this.#send<Result>({ method, params });
  }

  /** Asks the page. */
  askPage<Result>(method: string, params: object): Promise<Result> {
    return this.#send<Result>({ method, params, sessionId: this.#page });
  }

  /** Evaluates an expression in the page; a promise is waited for. */
  async evaluate<Value>(expression: string): Promise<Value> {
    const { result, exceptionDetails } = await this.askPage<{
      readonly result: { readonly value: Value };
      readonly exceptionDetails?: { readonly text: string };
    }>("Runtime.evaluate", { expression, awaitPromise: true, returnByValue: true });
    if (exceptionDetails !== undefined) throw new Error(`${expression}: ${exceptionDetails.text}`);
    return result.value;
  }

  [Symbol.dispose](): void {
    this.#socket.close();
  }

  #send<Result>(message: object): Promise<Result> {
    this.#lastId += 1;
    const id = this.#lastId;
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    const late = setTimeout(() => reject(new Error("the browser does not answer")), ANSWER_MS);
    this.#waiting.set(id, { resolve, reject });
    this.#socket.send(JSON.stringify({ id, ...message }));
    return promise.finally(() => {
      clearTimeout(late);
      this.#waiting.delete(id);
    }) as Promise<Result>;
  }

  #hear({ id = 0, result, error }: Answer): void {
    const waiting = this.#waiting.get(id);
    if (error === undefined) waiting?.resolve(result);
    else waiting?.reject(new Error(error.message));
  }
}
