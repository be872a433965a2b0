import { asGameId, asPeerId, type GameVersion, gameVersionSchema, type LocalGame } from "@lanspread/proto";
import { describe, expect, it } from "vitest";
import { createCatalog, openCatalogForAll } from "../../src/catalog/catalog.ts";
import type { RemoteGame } from "../../src/peers/index.ts";
import { jointLibrary } from "../../src/runtime/joint-library.ts";

const version = (text: string): GameVersion => gameVersionSchema.parse(text);
const quake = asGameId("quake");

function own(fields: Partial<LocalGame> = {}): LocalGame {
  return {
    id: quake,
    version: version("2"),
    size: 20,
    downloaded: true,
    installed: false,
    availability: "ready",
    manifestHash: null,
    contentId: null,
    warnings: [],
    ...fields,
  };
}

function others(fields: Partial<RemoteGame> = {}): RemoteGame {
  const peer = asPeerId("00000000-0000-8000-8000-000000000001");
  return {
    id: quake,
    name: "Quake III",
    version: version("3"),
    size: 30,
    peerCount: 1,
    versions: new Map([[peer, version("3")]]),
    ...fields,
  };
}

const list = (view: Partial<Parameters<typeof jointLibrary>[0]>) =>
  jointLibrary({ local: [], remote: [], operations: [], catalog: openCatalogForAll, ...view });

describe("the joint library", () => {
  it("lists a game once, with the newest version and its size", () => {
    expect(list({ local: [own()], remote: [others()] })).toEqual([
      {
        id: "quake",
        name: "Quake III",
        version: "3",
        size: 30,
        downloaded: true,
        installed: false,
        localVersion: "2",
        availability: "ready",
        peerCount: 1,
        operation: null,
      },
    ]);
    expect(list({ local: [own({ version: version("10") })], remote: [others()] })).toMatchObject([
      { version: "10", size: 20, localVersion: "10", peerCount: 1 },
    ]);
  });

  it("knows games of only one side, in the order of their ids", () => {
    const games = list({ local: [own()], remote: [others({ id: asGameId("doom") })] });
    expect(games).toMatchObject([
      { id: "doom", name: "Quake III", downloaded: false, localVersion: null, availability: null },
      { id: "quake", name: "quake", peerCount: 0 },
    ]);
  });

  it("shows an installed game without a download as of no known version", () => {
    const local = own({
      version: null,
      size: 0,
      downloaded: false,
      installed: true,
      availability: "local_only",
    });
    expect(list({ local: [local] })).toMatchObject([{ version: null, size: 0, installed: true }]);
    expect(list({ local: [local], remote: [others()] })).toMatchObject([
      { version: "3", size: 30, installed: true, localVersion: null },
    ]);
  });

  it("takes the name from the catalog, and the operation from the table", () => {
    const catalog = createCatalog(
      JSON.stringify({ format: 1, name: "party", games: [{ id: "quake", name: "Quake 3 Arena" }] }),
      "catalog.json",
    );
    const operations = [{ gameId: quake, kind: "downloading" as const }];
    expect(list({ remote: [others()], operations, catalog })).toMatchObject([
      { name: "Quake 3 Arena", operation: "downloading" },
    ]);
  });
});
