import { asGameId, gameVersionSchema, type ListedGame, type OperationKind } from "@lanspread/proto";
import { describe, expect, it } from "vitest";
import { de, en } from "../../ui/src/i18n/texts.ts";
import { createTranslate, languageOf } from "../../ui/src/i18n/translate.ts";
import { actionOf } from "../../ui/src/library/action.ts";
import { gamesOf, type View } from "../../ui/src/library/filter.ts";
import { phaseKey } from "../../ui/src/library/phase.ts";
import { formatBytes, formatDuration, formatPercent, formatVersion } from "../../ui/src/shared/format.ts";

const [OLD, NEW] = ["20200101", "20210101"].map((text) => gameVersionSchema.parse(text)) as [never, never];

function game(id: string, more: Partial<ListedGame> = {}): ListedGame {
  return {
    ...{ id: asGameId(id), name: id, version: NEW, size: 1, downloaded: false, installed: false },
    ...{ localVersion: null, availability: null, peerCount: 1, operation: null },
    ...more,
  };
}

const EVERYTHING: View = { filter: "all", sorting: "name", search: "" };

describe("the library", () => {
  const games = [
    game("quake10", { name: "Quake 10" }),
    game("quake9", { name: "Quake 9", size: 9, installed: true, peerCount: 0 }),
    game("pokemon", { name: "Pokémon Blue", downloaded: true, localVersion: NEW, peerCount: 0 }),
    game("gone", { peerCount: 0 }),
    game("busy", { peerCount: 0, operation: "downloading" }),
  ];
  const ids = (view: Partial<View>): string[] =>
    gamesOf(games, { ...EVERYTHING, ...view }).map(({ id }) => id);

  it("shows what is here and what is offered, by name, numbers as numbers", () => {
    expect(ids({})).toEqual(["busy", "pokemon", "quake9", "quake10"]);
    expect(ids({ filter: "local" })).toEqual(["busy", "pokemon", "quake9"]);
    expect(ids({ filter: "installed" })).toEqual(["quake9"]);
  });

  it("sorts by size and by state", () => {
    expect(ids({ sorting: "size" })[0]).toBe("quake9");
    expect(ids({ sorting: "status" })).toEqual(["busy", "quake9", "pokemon", "quake10"]);
  });

  it("finds words in any order, without regard to case and accents", () => {
    expect(ids({ search: "POKEMON" })).toEqual(["pokemon"]);
    expect(ids({ search: " 9 quake " })).toEqual(["quake9"]);
    expect(ids({ search: "doom" })).toEqual([]);
  });
});

describe("the action of a card", () => {
  it.each<[string, Partial<ListedGame>, ReturnType<typeof actionOf>]>([
    ["what somebody offers can be downloaded", {}, { kind: "download" }],
    ["what nobody offers cannot", { peerCount: 0 }, { kind: "none", why: "nobody-has-it" }],
    ["what is downloaded can be installed", { downloaded: true, localVersion: NEW }, { kind: "install" }],
    [
      "what is installed can be played",
      { downloaded: true, installed: true, localVersion: NEW },
      { kind: "play" },
    ],
    [
      "a newer version that somebody offers comes first",
      { downloaded: true, installed: true, localVersion: OLD },
      { kind: "update" },
    ],
    [
      "a newer version that nobody offers does not",
      { downloaded: true, installed: true, localVersion: OLD, peerCount: 0 },
      { kind: "play" },
    ],
    ["an unpacked stream can be played", { installed: true, peerCount: 0 }, { kind: "play" }],
    ["a download can be cancelled", { operation: "downloading" }, { kind: "cancel" }],
    ["so can an install", { operation: "installing" }, { kind: "cancel" }],
    ["so can an update", { operation: "updating" }, { kind: "cancel" }],
    ["so can a streamed install", { operation: "stream-installing" }, { kind: "cancel" }],
    ["an uninstall cannot", { operation: "uninstalling" }, { kind: "none", why: "busy" }],
    ["a removal cannot", { operation: "removing" }, { kind: "none", why: "busy" }],
  ])("%s", (_, more, action) => {
    expect(actionOf(game("quake", more))).toEqual(action);
  });
});

describe("the phase of an operation", () => {
  it.each<[OperationKind, string | undefined, ReturnType<typeof phaseKey>]>([
    ["downloading", undefined, "phase.checking"],
    ["downloading", "downloading", "phase.downloading"],
    ["updating", "carrying", "phase.carrying"],
    ["stream-installing", "streaming", "phase.streaming"],
    ["uninstalling", undefined, "phase.uninstalling"],
    ["removing", "removing", "phase.removing"],
    ["installing", "a phase of tomorrow", "phase.installing"],
  ])("%s that told %s is %s", (operation, told, key) => {
    expect(phaseKey(operation, told)).toBe(key);
  });
});

describe("texts", () => {
  it("are there in every language, with the same places to fill", () => {
    const places = (text: string): string[] => (text.match(/\{\w+\}/gu) ?? []).sort();
    expect(Object.keys(de).sort()).toEqual(Object.keys(en).sort());
    for (const [key, text] of Object.entries(en)) {
      expect([key, places(de[key as keyof typeof en])]).toEqual([key, places(text)]);
    }
  });

  it("are filled, in the language that was chosen or that the browser has", () => {
    expect(createTranslate("de")("peers.many", { count: 3 })).toBe("3 Spieler haben es");
    expect(languageOf("de", ["en-GB"])).toBe("de");
    expect(languageOf(undefined, ["fr-FR", "de-AT", "en"])).toBe("de");
    expect(languageOf(undefined, ["fr"])).toBe("en");
  });
});

describe("what people read", () => {
  it("has few digits", () => {
    expect([0, 999, 1_500, 123_456, 50e9].map((bytes) => formatBytes(bytes, "en"))).toEqual([
      "0 B",
      "999 B",
      "1.5 KB",
      "123 KB",
      "50 GB",
    ]);
    expect(formatBytes(1_500, "de")).toBe("1,5 KB");
    expect([0, 65, 7_384, -1].map(formatDuration)).toEqual(["0:00", "1:05", "2:03:04", "0:00"]);
    expect(["20180412", "12"].map(formatVersion)).toEqual(["2018.04.12", "12"]);
  });
});

it.each([
  [0, "0 %"],
  [0.006, "0 %"],
  [0.29, "29 %"],
  [0.999_9, "99 %"],
  [1, "100 %"],
])("a share of %d is %s: nothing is whole before it is", (share, shown) => {
  expect(formatPercent(share)).toBe(shown);
});
