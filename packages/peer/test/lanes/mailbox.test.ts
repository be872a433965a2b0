import { setImmediate as nextTurn } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { Mailbox } from "../../src/lanes/mailbox.ts";

describe("a mailbox", () => {
  it("sends what is posted in one turn together, in its order, and the next turn's apart", async () => {
    const sent: (readonly number[])[] = [];
    const mailbox = new Mailbox<number>((messages) => sent.push(messages));
    mailbox.post(1);
    await Promise.resolve();
    mailbox.post(2);
    expect(sent).toEqual([]);
    await nextTurn();
    expect(sent).toEqual([[1, 2]]);
    mailbox.post(3);
    await nextTurn();
    await nextTurn();
    expect(sent).toEqual([[1, 2], [3]]);
  });

  it("sends at once what waits when it is flushed, and nothing of it again", async () => {
    const sent: (readonly number[])[] = [];
    const mailbox = new Mailbox<number>((messages) => sent.push(messages));
    mailbox.post(1);
    mailbox.flush();
    expect(sent).toEqual([[1]]);
    mailbox.post(2);
    await nextTurn();
    await nextTurn();
    expect(sent).toEqual([[1], [2]]);
  });
});
