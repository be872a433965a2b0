import { describe, expect, it } from "vitest";
import { SECURITY_HEADERS } from "../../shell/door/headers.ts";

const policy = new Map(
  (SECURITY_HEADERS["Content-Security-Policy"] ?? "").split(";").map((directive) => {
    const [name = "", ...sources] = directive.trim().split(/\s+/u);
    return [name, sources.join(" ")] as const;
  }),
);

describe("what a page may load", () => {
  it.each(["script-src", "style-src", "img-src", "font-src", "connect-src"])(
    "is the shell's own where it is of %s: nothing inline, nothing of anybody else",
    (name) => {
      expect(policy.get(name)).toBe("'self'");
    },
  );

  it.each(["default-src", "base-uri", "form-action", "frame-ancestors"])(
    "is nothing where it is of %s",
    (name) => {
      expect(policy.get(name)).toBe("'none'");
    },
  );

  it("is nothing else, and no text becomes a script", () => {
    expect(policy.get("require-trusted-types-for")).toBe("'script'");
    expect(policy.size).toBe(10);
  });
});
