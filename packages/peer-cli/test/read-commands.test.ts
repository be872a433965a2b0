import { PassThrough } from "node:stream";
import { MAX_COMMAND_LINE_BYTES } from "@lanspread/proto";
import { describe, expect, it } from "vitest";
import { readCommands } from "../src/harness/read-commands.ts";

function reading(signal = new AbortController().signal) {
  const input = new PassThrough();
  const seen: string[] = [];
  const done = readCommands({
    input,
    onLine: (text) => seen.push(text),
    onTooLong: () => seen.push("(too long)"),
    signal,
  });
  return { input, seen, done };
}

describe("reading commands", () => {
  it("hands over every line until the input ends, also one without a line end", async () => {
    const { input, seen, done } = reading();
    input.end("one\ntwo");
    await done;
    expect(seen).toEqual(["one", "two"]);
  });

  it("takes a line of the greatest length, and refuses one byte more", async () => {
    const { input, seen, done } = reading();
    const longest = "x".repeat(MAX_COMMAND_LINE_BYTES);
    input.end(`${longest}\n${longest}x\nnext\n`);
    await done;
    expect(seen).toEqual([longest, "(too long)", "next"]);
  });

  it("takes a broken input for an ended one", async () => {
    const { input, seen, done } = reading();
    input.destroy(new Error("EIO"));
    await done;
    expect(seen).toEqual([]);
  });

  it("stops when it is told, and leaves the rest unread", async () => {
    const controller = new AbortController();
    const { input, seen, done } = reading(controller.signal);
    controller.abort();
    await done;
    input.write("late\n");
    expect(seen).toEqual([]);
    expect(input.isPaused()).toBe(true);
  });
});
