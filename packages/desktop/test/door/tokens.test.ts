import { describe, expect, it } from "vitest";
import { MOST_TOKENS, TOKEN_LIFETIME_MS } from "../../shell/constants.ts";
import { Tokens } from "../../shell/door/tokens.ts";

describe("the token of an address", () => {
  it("can be used once", () => {
    const tokens = new Tokens();
    const [one, other] = [tokens.create(), tokens.create()];
    expect(one).not.toBe(other);
    expect(one).toMatch(/^[\w-]{43}$/u);
    expect([tokens.use(one), tokens.use(one), tokens.use(other), tokens.use("")]).toEqual([
      true,
      false,
      true,
      false,
    ]);
  });

  it("can be used for some minutes", () => {
    let now = 0;
    const tokens = new Tokens(() => now);
    const [early, late] = [tokens.create(), tokens.create()];
    now = TOKEN_LIFETIME_MS - 1;
    expect(tokens.use(early)).toBe(true);
    now += 1;
    expect(tokens.use(late)).toBe(false);
  });

  it("is forgotten where too many were made", () => {
    const tokens = new Tokens();
    const made = Array.from({ length: MOST_TOKENS + 2 }, () => tokens.create());
    expect(made.map((token) => tokens.use(token))).toEqual(made.map((_, index) => index >= 2));
  });
});
