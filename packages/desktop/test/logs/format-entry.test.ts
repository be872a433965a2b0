import { PeerError } from "@lanspread/peer";
import { describe, expect, it } from "vitest";
import { MAX_TEXT } from "../../shell/logs/constants.ts";
import { formatEntry } from "../../shell/logs/format-entry.ts";

function format(message: string, fields: Record<string, unknown> = {}, name = "lanspread:library:hash") {
  return formatEntry({ level: "warn", name, message, fields }, 7);
}

describe("a line of the log", () => {
  it("has level, time, where it comes from, and fields as one reads them", () => {
    expect(
      format("a game cannot be read", {
        gameId: "quake",
        reason: "no such file",
        count: 3,
        list: [1],
        gone: undefined,
      }),
    ).toEqual({
      level: "warn",
      time: 7,
      source: "library:hash",
      text: "a game cannot be read",
      details: 'gameId=quake reason="no such file" count=3 list=[1]',
    });
    expect(format("x", {}, "other").source).toBe("other");
  });

  it("says of an error what it says, what it came from, its code, and of a fault where it happened", () => {
    const refused = new PeerError("disk-full", "The disk is full.", { cause: new Error("ENOSPC") });
    expect(format("failed", { error: refused }).details).toBe(
      'error="The disk is full.: ENOSPC" code=disk-full',
    );
    const fault = format("failed", { error: new TypeError("x is not a function") }).details;
    expect(fault).toMatch(/^error="x is not a function" \(at .*format-entry\.test\.ts/u);
  });

  it("is one line, whatever others call themselves", () => {
    const { text, details } = format("a\nb\u001b[31mred\u202egnp\u2028.", { name: "x\r\ny", "evil\nkey": 1 });
    expect(text).toBe("a\\nb\\u001b[31mred\\u202egnp\\u2028.");
    expect(`${text}${details}`).not.toMatch(/[\p{Cc}\u2028\u202e]/u);
    expect(format("half \ud800").text).toBe("half \ufffd");
  });

  it("is no longer than what is shown, and says how much is not", () => {
    const { text, details } = format("y".repeat(MAX_TEXT + 5), { all: "z".repeat(1_000_000) });
    expect(text).toBe(`${"y".repeat(MAX_TEXT)} … (5 more)`);
    expect(details.length).toBeLessThan(MAX_TEXT + 40);
  });

  it("has no secrets, however they are given", () => {
    const secret = "0123456789abcdefghijklmnopqrstuvwxyzABCDEF-";
    const { text, details } = format(`opened http://127.0.0.1:1/?token=${secret}`, {
      session: "short",
      headers: { cookie: `lanspread-40001-session=${secret}`, host: "h" },
      error: new Error(`refused ${secret}`),
    });
    expect(`${text} ${details}`).not.toContain(secret);
    expect(details).not.toContain("short");
    expect(details).toContain('"host":"h"');
  });

  it("comes of anything", () => {
    const circle: Record<string, unknown> = {};
    circle["self"] = circle;
    expect(format("x", { circle, big: 1n, none: null, call: () => 1 }).details).toContain("none=null");
  });
});
