import { describe, expect, it } from "vitest";
import { explainSocketError } from "../../src/net/explain-socket-error.ts";

describe("a socket's error", () => {
  it.each([
    ["EADDRINUSE", "UDP port 5353 is held by a program that does not share it"],
    ["EACCES", "not permitted to use multicast here (firewall?): said so"],
    ["EPERM", "not permitted to use multicast here (firewall?): said so"],
    ["ENODEV", "the interface is gone or knows no multicast: said so"],
    ["EADDRNOTAVAIL", "the interface is gone or knows no multicast: said so"],
    ["ENETUNREACH", "no way out for multicast (link down, or no multicast route): said so"],
    ["EHOSTUNREACH", "no way out for multicast (link down, or no multicast route): said so"],
    ["ENETDOWN", "no way out for multicast (link down, or no multicast route): said so"],
    ["EIO", "said so"],
  ])("%s is explained", (code, text) => {
    expect(explainSocketError(Object.assign(new Error("said so"), { code }))).toBe(text);
  });

  it("without a code, or that is no error, is told as it is", () => {
    expect(explainSocketError(new Error("said so"))).toBe("said so");
    expect(explainSocketError("said so")).toBe("said so");
  });
});
