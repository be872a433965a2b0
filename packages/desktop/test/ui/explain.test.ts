import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { PEER_ERRORS, type PeerErrorCode } from "@lanspread/peer";
import { describe, expect, it } from "vitest";
import { explain } from "../../ui/src/i18n/explain.ts";
import { de, en } from "../../ui/src/i18n/texts.ts";
import { createTranslate } from "../../ui/src/i18n/translate.ts";

const [english, german] = [createTranslate("en"), createTranslate("de")];

const textsOf = (texts: Readonly<Record<string, string>>, prefix: string): Record<string, string> =>
  Object.fromEntries(
    Object.entries(texts).flatMap(([key, text]) =>
      key.startsWith(prefix) ? [[key.slice(prefix.length), text]] : [],
    ),
  );

describe("the words of the page for errors", () => {
  it("are the registry's in English, for every code", () => {
    const codes = Object.entries(PEER_ERRORS);
    const { "connection-lost": ofThePage, ...ofThePeer } = textsOf(en, "what.");
    expect(ofThePage).toMatch(/lost/u);
    expect(ofThePeer).toEqual(Object.fromEntries(codes.map(([code, { summary }]) => [code, summary])));
    const hints = codes.flatMap(([code, about]) => ("hint" in about ? [[code, about.hint]] : []));
    expect(textsOf(en, "do-about.")).toEqual(Object.fromEntries(hints));
  });

  it("are others in German, each its own", () => {
    for (const prefix of ["what.", "do-about."]) {
      const [ours, theirs] = [textsOf(de, prefix), textsOf(en, prefix)];
      for (const [code, text] of Object.entries(ours)) expect(text, code).not.toBe(theirs[code]);
    }
    const meanings = Object.values(textsOf(de, "what."));
    expect(new Set(meanings).size).toBe(meanings.length);
  });
});

describe("why something did not happen", () => {
  const code: PeerErrorCode = "disk-full";
  const message = "/srv/games is full: 2 GB are missing";

  it("is said as the peer says it in English", () => {
    expect(explain({ code, message, hint: "Free 2 GB." }, "en", english)).toEqual({
      what: { text: message, lang: undefined },
      detail: null,
      hint: { text: "Free 2 GB.", lang: undefined },
    });
  });

  it("is said in German first, and what exactly it is below that, as English", () => {
    const { hint } = PEER_ERRORS[code];
    expect(explain({ code, message, hint }, "de", german)).toEqual({
      what: { text: "Auf der Platte ist nicht genug Platz.", lang: undefined },
      detail: { text: message, lang: "en" },
      hint: { text: expect.stringMatching(/^Schaffe den Platz/u), lang: undefined },
    });
  });

  it("keeps advice that is more special than the code's, as English", () => {
    const { hint } = explain({ code, message, hint: "Free 2 GB on /srv." }, "de", german);
    expect(hint).toEqual({ text: "Free 2 GB on /srv.", lang: "en" });
  });

  it("has German words for whatever the shell advises", async () => {
    const shell = fileURLToPath(new URL("../../shell", import.meta.url));
    const files = await readdir(shell, { recursive: true, withFileTypes: true });
    const hints: string[] = [];
    for (const { name, parentPath } of files) {
      if (!name.endsWith(".ts")) continue;
      const source = await readFile(join(parentPath, name), "utf8");
      hints.push(...[...source.matchAll(/^.*\bhint: "([^"]+)"/gmu)].map(([, text = ""]) => text));
    }
    // Said on the terminal, where no page is.
    const ofThePage = hints.filter((hint) => !hint.includes("--browser-flag"));
    expect(ofThePage.length).toBeGreaterThan(8);
    for (const hint of ofThePage) {
      const told = explain({ code: "bad-request", message, hint }, "de", german).hint;
      expect(told, hint).toEqual({ text: expect.any(String), lang: undefined });
      expect(told?.text).not.toBe(hint);
      expect(explain({ code: "bad-request", message, hint }, "en", english).hint?.text).toBe(hint);
    }
  });

  it.each(["what", "from-the-future", "__proto__", "toString"])(
    "is English where %s has no words",
    (unknown) => {
      expect(explain({ code: unknown, message }, "de", german)).toEqual({
        what: { text: message, lang: "en" },
        detail: null,
        hint: null,
      });
    },
  );
});
