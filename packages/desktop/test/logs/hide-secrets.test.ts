import { randomBytes } from "node:crypto";
import { describe, expect, it } from "vitest";
import { hideSecrets, isSecretKey } from "../../shell/logs/hide-secrets.ts";

const SECRET = randomBytes(32).toString("base64url").replace(/^.{3}/u, "aB1");

describe("what nobody is to see in a log", () => {
  it.each([
    [
      `lanspread is at http://127.0.0.1:4001/?token=${SECRET} now`,
      "lanspread is at http://127.0.0.1:4001/?token=[hidden] now",
    ],
    [`cookie: lanspread-40001-session=${SECRET}; other=1`, "cookie: [hidden]; other=1"],
    [`lanspread-40001-session=abc`, "lanspread-40001-session=[hidden]"],
    [`{"session":"${SECRET}","port":1}`, '{"session":"[hidden]","port":1}'],
    ["Authorization: Bearer abc.def", "Authorization: Bearer [hidden]"],
    ["the password=hunter2, it said", "the password=[hidden], it said"],
    [`a bare ${SECRET} in a text`, "a bare [hidden] in a text"],
    ["-----BEGIN PRIVATE KEY-----\nMIGH\n-----END PRIVATE KEY----- behind", "[hidden] behind"],
    ["-----BEGIN EC PRIVATE KEY-----\nMIGH that is cut", "[hidden]"],
  ])("%s", (text, hidden) => {
    expect(hideSecrets(text)).toBe(hidden);
  });

  it("leaves everything else", () => {
    const text =
      "peer 0f8fad5b-d9cb-8469-a165-70867728950e at 10.0.0.7:4001 sent 2 sessions of blake3:9f86d081884c7d659a2feaa0c55ad015";
    expect(hideSecrets(text)).toBe(text);
    expect(hideSecrets("x".repeat(43))).toBe("x".repeat(43));
  });

  it("knows secret fields by their names", () => {
    for (const key of ["token", "session", "sessionCookie", "Set-Cookie", "partyPassword"])
      expect(isSecretKey(key)).toBe(true);
    for (const key of ["gameId", "tokens", "addr", "sessions"]) expect(isSecretKey(key)).toBe(false);
  });

  it("ends for what somebody made to take long", () => {
    for (const part of ["a", "-", "_", "token", "session-", "aB1", "-----BEGIN PRIVATE KEY-----"]) {
      // A quadratic pattern does not end within the time of a test.
      expect(hideSecrets(part.repeat(400_000 / part.length))).not.toBe("");
    }
  });
});
