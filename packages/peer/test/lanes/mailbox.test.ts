import { setImmediate as nextTurn } from "node:timers/promises";
import { asPieceIndex } from "@lanspread/proto";
import { describe, expect, it } from "vitest";
import { Mailbox, pack, unpack } from "../../src/lanes/mailbox.ts";
import { type FromLane, isReport } from "../../src/lanes/messages.ts";

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

describe("messages on their way to another thread", () => {
  const ended: FromLane = { type: "ended", id: 7, failure: null };
  const known: FromLane = { type: "piece", id: 7, index: asPieceIndex(3), digest: null, isFlushed: true };
  const unknown: FromLane = { ...known, digest: Uint8Array.of(1, 2, 3) };

  it.each([
    ["of small files are one string", [known, ended], "string"],
    ["with bytes in them are themselves", [known, unknown, ended], "object"],
    ["of other kinds are themselves", [ended, { type: "revoked", id: 1 }], "object"],
  ] satisfies [string, FromLane[], string][])("%s, and arrive as they were", (_, messages, kind) => {
    const packed = pack<FromLane>(messages, isReport);
    expect(typeof packed).toBe(kind);
    expect(unpack(structuredClone(packed))).toEqual(messages);
  });
});
