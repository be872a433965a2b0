import { Writable } from "node:stream";
import { expect, it } from "vitest";
import { guardStdout } from "../src/harness/guard-stdout.ts";

const MIB = 1024 * 1024;

/** A stream of which nobody takes a byte. */
function unread(): NodeJS.WriteStream {
  return new Writable({ write: () => {} }) as unknown as NodeJS.WriteStream;
}

it("gives a reader up that leaves far too much unread, once, and waits for him no longer", async () => {
  let stuck = 0;
  const stdout = unread();
  const guarded = guardStdout(stdout, unread(), () => {
    stuck += 1;
  });
  const line = "x".repeat(32 * MIB);
  const waiting = [guarded.writeLine(line), guarded.writeLine(line)];
  expect(stuck).toBe(0);
  expect(waiting[1]).toBeInstanceOf(Promise);
  const held = stdout.writableLength;
  for (let times = 0; times < 3; times++) expect(guarded.writeLine("one more")).toBeUndefined();
  await Promise.all(waiting);
  expect(stuck).toBe(1);
  expect(stdout.writableLength).toBe(held);
});
