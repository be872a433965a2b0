import { describe, expect, it } from "vitest";
import { MOST_LINES_ANSWERED, MOST_WAITING } from "../../shell/logs/constants.ts";
import { LogBook } from "../../shell/logs/log-book.ts";

const NEVER = new AbortController().signal;

function texts({ lines }: Awaited<ReturnType<LogBook["read"]>>): string[] {
  return lines.map(({ text }) => text);
}

describe("the book of what is said", () => {
  it("tells what is unpacked apart from everything else, and keeps all levels", async () => {
    const book = new LogBook({ now: () => 5 });
    book.logger.child("library").debug("looked");
    book.logger.child("unpack").debug("a file", { path: "a" });
    book.logger.child("serve").child("unpack").error("damaged");
    const app = await book.read({ log: "app", run: null, after: 0 }, NEVER);
    expect(app).toMatchObject({
      run: book.run,
      missed: 0,
      lines: [{ number: 1, time: 5, level: "debug", source: "library" }],
    });
    expect(texts(await book.read({ log: "unpack", run: null, after: 0 }, NEVER))).toEqual([
      "a file",
      "damaged",
    ]);
  });

  it("answers from the number that is known, waits for the next lines, and gathers them", async () => {
    const book = new LogBook();
    book.logger.info("one");
    book.logger.info("two");
    expect(texts(await book.read({ log: "app", run: book.run, after: 1 }, NEVER))).toEqual(["two"]);
    const asked = book.read({ log: "app", run: book.run, after: 2 }, NEVER);
    book.logger.child("unpack").info("not this");
    book.logger.info("three");
    book.logger.info("four");
    expect(texts(await asked)).toEqual(["three", "four"]);
  });

  it("begins anew for a page that knows another run", async () => {
    const book = new LogBook();
    book.logger.info("one");
    expect(await book.read({ log: "app", run: "another", after: 70 }, NEVER)).toMatchObject({
      run: book.run,
      missed: 0,
      lines: [{ number: 1 }],
    });
  });

  it("gives a long history in portions, and says what is kept no more", async () => {
    const book = new LogBook({ mostLines: MOST_LINES_ANSWERED + 10 });
    for (let number = 1; number <= MOST_LINES_ANSWERED + 30; number++) book.logger.info(`line ${number}`);
    const first = await book.read({ log: "app", run: null, after: 0 }, NEVER);
    expect(first.missed).toBe(20);
    expect(first.lines).toHaveLength(MOST_LINES_ANSWERED);
    const after = first.lines.at(-1)?.number ?? 0;
    const rest = await book.read({ log: "app", run: book.run, after }, NEVER);
    expect(rest).toMatchObject({ missed: 0 });
    expect(rest.lines).toHaveLength(10);
  });

  it("stops waiting for who is gone, and lets no more wait than it has place for", async () => {
    const book = new LogBook();
    const gone = new AbortController();
    const left = book.read({ log: "app", run: null, after: 0 }, gone.signal);
    gone.abort(new Error("gone"));
    await expect(left).rejects.toThrow("gone");
    const asked = Array.from({ length: MOST_WAITING + 1 }, () =>
      book.read({ log: "app", run: null, after: 0 }, NEVER),
    );
    expect(texts(await (asked[0] ?? left))).toEqual([]);
    book.logger.info("at last");
    for (const part of await Promise.all(asked.slice(1))) expect(texts(part)).toEqual(["at last"]);
  });
});
