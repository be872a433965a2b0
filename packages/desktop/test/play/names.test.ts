import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { cleanName } from "../../shell/play/clean-name.ts";
import { MAX_NAME_CHARACTERS } from "../../shell/play/constants.ts";
import { withPersonaName } from "../../shell/play/persona-name.ts";

describe("a player's name", () => {
  it.each([
    ["Ada", "Ada"],
    ["  Ada   Lovelace ", "Ada Lovelace"],
    ["Zoë 🎮", "Zoë 🎮"],
    [`x"; rm -rf / #`, "x rm -rf"],
    ["%PATH%", "PATH"],
    ["$(id)`id`", "idid"],
    ["-rf", "rf"],
    ["a\nb\u0000c\u202Ed", "abcd"],
    ["../..\\up", "....up"],
    ["", "Player"],
    ["\"'", "Player"],
  ])("%j is given to games as %j", (name, clean) => {
    expect(cleanName(name)).toBe(clean);
  });

  it("has nothing in it that a shell or a file gives a meaning to, whatever it was", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (name) => {
        const clean = cleanName(name);
        expect(clean).toMatch(
          /^[^\p{Cc}"'`$%^&|<>()[\]{}!;*?~#=,\\/:-][^\p{Cc}"'`$%^&|<>()[\]{}!;*?~#=,\\/:]*$/u,
        );
        expect([...clean].length).toBeLessThanOrEqual(MAX_NAME_CHARACTERS);
        expect(clean).toBe(clean.trim());
        expect(cleanName(clean)).toBe(clean);
      }),
    );
  });
});

describe("the name in the settings of a Steam emulator", () => {
  it.each([
    ["PersonaName = Old\r\nOther = 1\r\n", "PersonaName = Ada\r\nOther = 1\r\n"],
    ["[User]\n  personaname=Old", "[User]\n  personaname=Ada"],
    ["PersonaName =\nX=1", "PersonaName =Ada\nX=1"],
    ["PersonaName = $1 $&\nPersonaName = Second\n", "PersonaName = Ada\nPersonaName = Second\n"],
    ["# PersonaName = no\nPersonaName\t=\tOld\n", "# PersonaName = no\nPersonaName\t=\tAda\n"],
  ])("%j becomes %j", (before, after) => {
    expect(withPersonaName(before, "Ada")).toBe(after);
  });

  it("is not made up where there is none", () => {
    expect(withPersonaName("Language = english\n", "Ada")).toBeNull();
  });
});
