import { Worker } from "node:worker_threads";
import { describe, expect, it } from "vitest";
import { withUnpackingThread } from "../../src/install/unrar/unpacking-thread.ts";

const LISTING = { type: "listing", listing: { solid: false, entries: [], volumes: [] } };

/** A thread that runs `code` at each request; `reply` is how it answers. */
function threadThat(code: string): () => Worker {
  const source = `
    const { parentPort } = require("node:worker_threads");
    const reply = (value) => parentPort.postMessage(value);
    parentPort.on("message", (request) => { ${code} });
  `;
  return () => new Worker(source, { eval: true });
}

const list = { type: "list", archive: "game.eti" } as const;

describe("a thread that fails", () => {
  it.each([
    ["with an error", "throw new Error('out of order')", "the unpacking thread failed: out of order"],
    ["by ending itself", "process.exit(0)", "the unpacking thread failed: it ended by itself"],
  ])("%s fails the request that it had", async (_, code, message) => {
    const work = withUnpackingThread({ archive: "game.eti", start: threadThat(code) }, ({ ask }) =>
      ask(list),
    );
    await expect(work).rejects.toMatchObject({ code: "internal", message });
  });

  it("between two requests fails the next one, and not the process", async () => {
    const code = `reply(${JSON.stringify(LISTING)}); setImmediate(() => { throw new Error("too late"); });`;
    const ended = Promise.withResolvers<void>();
    const start = (): Worker => threadThat(code)().on("exit", () => ended.resolve());
    const work = withUnpackingThread({ archive: "game.eti", start }, async ({ ask }) => {
      await ask(list);
      await ended.promise;
      return await ask(list);
    });
    await expect(work).rejects.toMatchObject({
      code: "internal",
      message: "the unpacking thread failed: too late",
    });
  });

  it("is noticed by who waits for something else in the middle of a request", async () => {
    const code = `reply({ type: "steps", chunk: 0, steps: [] }); setImmediate(() => process.exit(0));`;
    const work = withUnpackingThread({ archive: "game.eti", start: threadThat(code) }, ({ ask }) =>
      ask(list, () => new Promise(() => {})),
    );
    await expect(work).rejects.toMatchObject({ code: "internal" });
  });
});

describe("a thread that never answers", () => {
  it("is ended by a cancel", async () => {
    const stop = new AbortController();
    const ended = Promise.withResolvers<void>();
    const start = (): Worker => threadThat("for (;;) {}")().on("exit", () => ended.resolve());
    const work = withUnpackingThread({ archive: "game.eti", signal: stop.signal, start }, async ({ ask }) => {
      const asked = ask(list);
      stop.abort();
      return await asked;
    });
    await expect(work).rejects.toMatchObject({ code: "cancelled" });
    await ended.promise;
  });
});
