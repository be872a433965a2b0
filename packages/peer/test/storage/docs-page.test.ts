import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { basename, relative, sep } from "node:path";
import { asGameId, type GameId, gameVersionSchema, hashSchema } from "@lanspread/proto";
import { type TemporaryDirectory, temporaryDirectory } from "@lanspread/testkit";
import { describe, expect, it } from "vitest";
import { catalogEntrySchema, catalogFileSchema } from "../../src/catalog/schema.ts";
import { formatGreeting } from "../../src/control/greeting.ts";
import { openJournal } from "../../src/download/journal.ts";
import { encodePieces } from "../../src/download/pieces-file.ts";
import { PEER_RENEW_DAYS } from "../../src/identity/constants.ts";
import { writeComingList, writeInstalledList } from "../../src/install/installed-list.ts";
import { intentNameSchema, markNameSchema, writeIntent } from "../../src/install/intent.ts";
import { writeRemovalList } from "../../src/install/remove/removal-list.ts";
import { markOwned } from "../../src/install/reserved-directory.ts";
import { createIndexStore } from "../../src/library/index-store.ts";
import { silentLogger } from "../../src/logger.ts";
import {
  FOREIGN_NAMES,
  LOCAL_NAME,
  OWNED_MARKER_NAME,
  openStateDir,
  RESERVED_NAMES,
  SENTINEL_NAME,
  type StateDir,
  stateDirLayout,
  temporaryNameOf,
} from "../../src/storage/index.ts";

const page = await readFile(new URL("../../../../docs/on-disk.md", import.meta.url), "utf8");

/** What stands between a heading and the next one of any level. */
function sectionOf(heading: string): string {
  const lines = page.split("\n");
  const start = lines.findIndex((line) => /^#+ /u.test(line) && line.replace(/^#+ /u, "") === heading);
  if (start < 0) throw new Error(`the page has no heading ${heading}`);
  const length = lines.slice(start + 1).findIndex((line) => /^#/u.test(line));
  return lines.slice(start + 1, length < 0 ? undefined : start + 1 + length).join("\n");
}

interface Row {
  readonly name: string;
  readonly text: string;
}

/** The rows of the tables of a section whose first cell is one name in backticks. */
function rowsOf(heading: string): Row[] {
  return sectionOf(heading)
    .split("\n")
    .flatMap((line) => {
      const [, name, text] = /^\| `([^`]+)` *\| (.*) \|$/u.exec(line) ?? [];
      return name === undefined || text === undefined ? [] : [{ name, text: text.trim() }];
    });
}

const namesOf = (heading: string): string[] => rowsOf(heading).map(({ name }) => name);

/** Every word in backticks. */
const quotedIn = (text: string): string[] => [...text.matchAll(/`([^`]+)`/gu)].map((match) => match[1] ?? "");

const GGOO = asGameId("ggoo");
const VERSION = gameVersionSchema.parse("20180412");
const HASH = hashSchema.parse("ab".repeat(32));
const layout = stateDirLayout("state");

/** Each JSON file of the state directory, and how the program writes it. */
const WRITERS: readonly {
  readonly heading: string;
  readonly path: (state: StateDir) => string;
  readonly write: (state: StateDir) => Promise<void>;
}[] = [
  {
    heading: "`library.json`",
    path: (state) => state.libraryFile,
    write: (state) => createIndexStore(state, silentLogger).saveRevision({ libraryRev: 7, snapshot: HASH }),
  },
  {
    heading: "`library/<id>.json`",
    path: (state) => state.libraryEntry(GGOO),
    write: (state) =>
      createIndexStore(state, silentLogger).saveEntry({
        id: GGOO,
        fingerprint: "f",
        version: VERSION,
        installed: false,
        files: [{ path: "version.ini", size: 9, mtimeNs: "1" }],
        manifestHash: HASH,
        refusals: [],
        warnings: [],
        contentId: null,
        pieces: null,
      }),
  },
  {
    heading: "`games/<id>/download.json`",
    path: (state) => state.downloadJournal(GGOO),
    write: async (state) => {
      const record = {
        gameId: GGOO,
        root: "/games/ggoo",
        version: VERSION,
        manifestHash: HASH,
        contentId: null,
        pieceSize: 1024,
        oldSentinel: false,
        touched: false,
        files: [{ path: "version.ini", size: 9, old: false }],
        oldFiles: [],
      };
      await using _ = await openJournal(state, record, { done: new Uint8Array(1), begun: [] }, false);
    },
  },
  {
    heading: "`games/<id>/install_intent.json`",
    path: (state) => state.installIntent(GGOO),
    write: (state) =>
      writeIntent(state, GGOO, {
        operation: "installing",
        step: "staging",
        root: "/games/ggoo",
        madeRoot: true,
      }),
  },
  {
    heading: "`games/<id>/removal.json`",
    path: (state) => state.removalList(GGOO),
    write: (state) => writeRemovalList(state, GGOO, { entries: [], directories: [] }),
  },
  {
    heading: "`games/<id>/installed.json`",
    path: (state) => state.installedList(GGOO),
    write: (state) =>
      writeInstalledList(state, GGOO, {
        version: VERSION,
        files: [{ path: "a", size: 1, crc32: 2, mtime: 3 }],
      }),
  },
  {
    heading: "`games/<id>/installed_next.json`",
    path: (state) => state.comingInstalledList(GGOO),
    write: (state) => writeComingList(state, GGOO, { version: VERSION, files: [] }),
  },
];

async function written(dir: TemporaryDirectory, writer: (typeof WRITERS)[number]): Promise<object> {
  const state = await openStateDir(dir.join("state"));
  await writer.write(state);
  const json: unknown = JSON.parse(await readFile(writer.path(state), "utf8"));
  if (typeof json !== "object" || json === null) throw new Error("no object");
  return json;
}

describe("docs/on-disk.md", () => {
  it("lists exactly the paths that the state directory has", () => {
    const id = asGameId("game-id");
    const directories = new Set([
      layout.root,
      layout.identityDir,
      layout.libraryDir,
      layout.gamesDir,
      layout.gameDir(id),
    ]);
    const paths = Object.values(layout)
      .map((value: string | ((id: GameId) => string)) => (typeof value === "string" ? value : value(id)))
      .filter((path) => !directories.has(path) && path.startsWith(layout.root))
      .map((path) => relative(layout.root, path).split(sep).join("/").replace("game-id", "<id>"))
      .map((path) => (path === "logs" ? "logs/" : path));
    expect(namesOf("The state directory").sort()).toEqual(
      process.platform === "win32" ? [...paths, "control.sock"].sort() : paths.sort(),
    );
  });

  it("describes every JSON file of the state directory", () => {
    const described = WRITERS.map(({ heading }) => heading.replaceAll("`", ""));
    const json = namesOf("The state directory").filter((name) => name.endsWith(".json"));
    expect(json.sort()).toEqual(described.sort());
  });

  it.each(WRITERS)("lists exactly the fields of $heading, in their order", async (writer) => {
    await using dir = await temporaryDirectory();
    expect(namesOf(writer.heading)).toEqual(Object.keys(await written(dir, writer)));
  });

  it("lists exactly what installed.json says of a file", async () => {
    await using dir = await temporaryDirectory();
    const writer = WRITERS.find(({ heading }) => heading.includes("installed.json"));
    if (writer === undefined) throw new Error("there is no such file");
    const [, file] = /"files":\[(\{[^}]*\})/u.exec(JSON.stringify(await written(dir, writer))) ?? [];
    const row = rowsOf(writer.heading).find(({ name }) => name === "files");
    expect(quotedIn(row?.text ?? "").filter((word) => word !== "local/")).toEqual(
      Object.keys(JSON.parse(file ?? "{}")),
    );
  });

  it("says what an intent and a marker can say", async () => {
    const intent = rowsOf("`games/<id>/install_intent.json`").find(({ name }) => name === "operation");
    expect(quotedIn(intent?.text ?? "")).toEqual(intentNameSchema.options);
    const marker = /`\.lanspread_owned` is a text[^.]*/u.exec(sectionOf("Reserved names"))?.[0] ?? "";
    expect(quotedIn(marker).slice(1)).toEqual(markNameSchema.options);
    expect(marker).toContain("one word and a line feed");
    await using dir = await temporaryDirectory();
    await markOwned(dir.path, "uninstalling");
    expect(await readFile(dir.join(OWNED_MARKER_NAME), "utf8")).toBe("uninstalling\n");
  });

  it("says where what is in the file `pieces`", () => {
    const rows = sectionOf("`games/<id>/pieces`").matchAll(/^\| (?:(\d+)-(\d*)|then) +\| (.*?) +\|$/gmu);
    const table = [...rows].map(([, from, to, text]) => ({ from, to, text: text ?? "" }));
    const done = Uint8Array.of(1, 0, 0, 0, 0, 0, 0, 0, 1);
    const bytes = Buffer.from(encodePieces(HASH, done, [{ first: 3, count: 2 }]));
    const at = (what: string): Buffer => {
      const row = table.find(({ text }) => text.includes(what));
      const from = Number(row?.from);
      return bytes.subarray(from, row?.to === "" ? bytes.length : Number(row?.to) + 1);
    };
    expect(at("lspieces").toString("latin1")).toBe("lspieces");
    expect([at("Format, 1").length, at("Format, 1").readUInt32LE()]).toEqual([4, 1]);
    expect([at("Number of pieces").length, at("Number of pieces").readUInt32LE()]).toEqual([4, 9]);
    expect(at("manifest_hash").toString("hex")).toBe(HASH);
    const digest = createHash("sha256").update(bytes.subarray(0, 50)).digest("hex");
    expect(at("One bit per piece").toString("hex")).toBe(`0101${digest}0300000002000000`);
    expect(table.at(-2)?.text).toContain("SHA-256 of all bytes before it");
    expect(table.at(-1)?.text).toContain("Runs of 8 bytes");
    expect(table).toHaveLength(7);
  });

  it("lists exactly the fields of a catalog", () => {
    const { shape } = catalogEntrySchema;
    expect(namesOf("The catalog").sort()).toEqual(Object.keys(shape).sort());
    const optional = rowsOf("The catalog").filter(({ text }) => text.startsWith("Optional"));
    const accepted = Object.entries(shape).filter(([, field]) => field.safeParse(undefined).success);
    expect(optional.map(({ name }) => name).sort()).toEqual(accepted.map(([name]) => name).sort());
    const [beforeTable = ""] = sectionOf("The catalog").split("\n| ");
    expect(quotedIn(beforeTable).slice(1)).toEqual(Object.keys(catalogFileSchema.shape));
  });

  it("shows the first line of the control socket", () => {
    const [, shown] = /`(\{"type":[^`]*\})`/u.exec(sectionOf("`control.sock`")) ?? [];
    const real = formatGreeting({ pid: 1, name: "anna" });
    expect(shown?.replaceAll("…", "0")).toBe(real.replace(/:\d+/gu, ":0").replace('"anna"', "0"));
  });

  it("names the temporary name and the days of a certificate that the code has", () => {
    expect(sectionOf("How it is written")).toContain(`\`${basename(temporaryNameOf("NAME"))}\``);
    expect(sectionOf("`identity/`")).toContain(`within ${PEER_RENEW_DAYS} days`);
  });

  it("lists exactly the reserved names, and names the foreign ones", () => {
    expect(namesOf("Reserved names").sort()).toEqual([...RESERVED_NAMES].sort());
    const foreign = /Names of other programs.*/u.exec(sectionOf("Reserved names"))?.[0] ?? "";
    expect(quotedIn(foreign).sort()).toEqual([...FOREIGN_NAMES].sort());
  });

  it("explains the sentinel and local/", () => {
    expect(namesOf("A game")).toEqual(expect.arrayContaining([SENTINEL_NAME, `${LOCAL_NAME}/`]));
  });
});
