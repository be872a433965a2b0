import { asGameId, type GameVersion, type Hash, type Manifest, type WireErrorCode } from "@lanspread/proto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ALLOWED_PATHS } from "../../src/serve/constants.ts";
import { decideServe, type ServeRequest, type ServeView } from "../../src/serve/index.ts";
import { RESERVED_NAMES } from "../../src/storage/index.ts";

const VERSION = "20180412" as GameVersion;
const OLD = "20170101" as GameVersion;
const HASH = "a".repeat(64) as Hash;
const OTHER_HASH = "b".repeat(64) as Hash;
const GAME = asGameId("ggoo");

function manifestOf(files: Manifest["files"]): Manifest {
  return {
    game_id: GAME,
    version: VERSION,
    manifest_hash: HASH,
    content_id: null,
    piece_size: 1024 * 1024,
    files,
  };
}

const MANIFEST = manifestOf([
  { path: "data/a.eti", size: 1000 },
  { path: "empty", size: 0 },
  // What a manifest never lists: the gate does not rely on that.
  ...["local/save", "LOCAL/save", "data/.local.backup/x", ".sync/y"].map((path) => ({ path, size: 1 })),
]);

function view(changes: Partial<ServeView> = {}): ServeView {
  const manifest = changes.manifest === undefined ? MANIFEST : changes.manifest;
  return {
    inCatalog: true,
    catalogVersion: undefined,
    operationActive: false,
    version: VERSION,
    manifest,
    fileAt: (path) => manifest?.files.find((file) => file.path === path),
    ...changes,
  };
}

const file = (path: string, range?: ServeRequest["range"]): ServeRequest => ({
  gameId: GAME,
  manifestHash: HASH,
  path,
  ...(range === undefined ? {} : { range }),
});

describe("grants", () => {
  it.each<[string, ServeRequest, ServeView, object | null]>([
    ["the manifest", { gameId: GAME }, view(), null],
    ["digests", { gameId: GAME, manifestHash: HASH }, view(), null],
    ["the catalog's version", { gameId: GAME }, view({ catalogVersion: VERSION }), null],
    ["a whole file", file("data/a.eti"), view(), { offset: 0, length: 1000 }],
    ["an empty file", file("empty"), view(), { offset: 0, length: 0 }],
    ["a part", file("data/a.eti", { offset: 10, length: 20 }), view(), { offset: 10, length: 20 }],
    ["the last byte", file("data/a.eti", { offset: 999, length: 1 }), view(), { offset: 999, length: 1 }],
  ])("%s", (_, request, state, part) => {
    expect(decideServe(state, request)).toMatchObject({ allow: true, manifest: MANIFEST, part });
  });
});

describe("refuses", () => {
  const RETRYABLE: readonly WireErrorCode[] = ["operation_active"];
  it.each<[string, WireErrorCode, ServeRequest, ServeView]>([
    ["a game outside the catalog", "not_in_catalog", file("data/a.eti"), view({ inCatalog: false })],
    ["a game with an operation", "operation_active", file("data/a.eti"), view({ operationActive: true })],
    ["a game that is not here", "not_downloaded", { gameId: GAME }, view({ version: null, manifest: null })],
    ["a game that breaks the rules", "not_downloaded", { gameId: GAME }, view({ manifest: null })],
    [
      "another version than the catalog's",
      "version_mismatch",
      { gameId: GAME },
      view({ catalogVersion: OLD }),
    ],
    [
      "another version that is not offered either",
      "version_mismatch",
      { gameId: GAME },
      view({ catalogVersion: OLD, manifest: null }),
    ],
    ["digests of another manifest", "manifest_changed", { gameId: GAME, manifestHash: OTHER_HASH }, view()],
    [
      "a file of another manifest",
      "manifest_changed",
      { ...file("empty"), manifestHash: OTHER_HASH },
      view(),
    ],
    ["a file that is not listed", "no_such_file", file("data/b.eti"), view()],
    ["a file in another spelling", "no_such_file", file("DATA/a.eti"), view()],
    ["a directory", "no_such_file", file("data"), view()],
    ["a part behind the end", "bad_request", file("data/a.eti", { offset: 1001, length: 1 }), view()],
    ["a part over the end", "bad_request", file("data/a.eti", { offset: 999, length: 2 }), view()],
    [
      "a part whose end is no number",
      "bad_request",
      file("data/a.eti", { offset: Number.MAX_SAFE_INTEGER, length: 1024 }),
      view(),
    ],
    ["a listed file below local/", "forbidden_path", file("local/save"), view()],
    ["local/ in capitals", "forbidden_path", file("LOCAL/save"), view()],
    ["a listed file under a reserved name", "forbidden_path", file("data/.local.backup/x"), view()],
    ["a listed file under a foreign name", "forbidden_path", file(".sync/y"), view()],
    ["the parent directory", "forbidden_path", file("../secret"), view()],
    ["a way up and down", "forbidden_path", file("data/../../secret"), view()],
    ["an absolute path", "forbidden_path", file("/etc/passwd"), view()],
    ["a drive", "forbidden_path", file("C:/secret"), view()],
    ["a backslash", "forbidden_path", file("data\\a.eti"), view()],
    ["a NUL", "forbidden_path", file("data/a.eti\0"), view()],
    ["no path at all", "forbidden_path", file(""), view()],
    ["a device", "forbidden_path", file("data/NUL.txt"), view()],
    ["another normalization", "forbidden_path", file("data/u\u0308"), view()],
  ])("%s: %s", (_, code, request, state) => {
    expect(decideServe(state, request)).toMatchObject({
      allow: false,
      refuse: code,
      retryable: RETRYABLE.includes(code),
    });
  });

  it.each(RESERVED_NAMES)("%s at any depth and in any case, even where a manifest lists it", (name) => {
    for (const path of [name, `${name}/x`, `data/${name}`, `data/${name.toUpperCase()}/x`]) {
      const listed = view({ manifest: manifestOf([{ path, size: 1 }]) });
      expect(decideServe(listed, file(path))).toMatchObject({ allow: false, refuse: "forbidden_path" });
    }
  });

  it("whatever the manifest does not list, whatever the path looks like", () => {
    const path = fc.oneof(
      fc.string({ unit: "binary" }),
      fc
        .array(fc.constantFrom("..", ".", "data", "a.eti", "local", "", "\\", "con", "ü"), { maxLength: 5 })
        .map((parts) => parts.join("/")),
    );
    const empty = view({ manifest: manifestOf([]) });
    fc.assert(
      fc.property(path, (asked) => {
        const decision = decideServe(empty, file(asked));
        expect(decision.allow ? "allowed" : decision.refuse).toMatch(/^(forbidden_path|no_such_file)$/u);
      }),
    );
  });

  it("with a message that names game or path, and in the order of the gate", () => {
    const all = view({ inCatalog: false, operationActive: true, version: null, manifest: null });
    const order = [all, { ...all, inCatalog: true }, { ...all, inCatalog: true, operationActive: false }].map(
      (state) => decideServe(state, file("../x")),
    );
    expect(order.map((decision) => (decision.allow ? null : decision.refuse))).toEqual([
      "not_in_catalog",
      "operation_active",
      "not_downloaded",
    ]);
    for (const decision of order) expect(decision.allow ? "" : decision.message).toContain(GAME);
    const refused = decideServe(view(), file("../x"));
    expect(refused.allow ? "" : refused.message).toContain('"../x"');
  });
});

it("says the same of a path however often it is asked, and whatever came between", () => {
  const paths = ["data/a.eti", "local/save", "data/../x", "empty", ".sync/y"];
  const first = paths.map((path) => decideServe(view(), file(path)));
  expect(first.map(({ allow }) => allow)).toEqual([true, false, false, true, false]);
  for (let other = 0; other < 2 * ALLOWED_PATHS; other++) decideServe(view(), file(`data/${other}`));
  for (let round = 0; round < 2; round++) {
    expect(paths.map((path) => decideServe(view(), file(path)))).toEqual(first);
  }
  // A path that may be asked for is still not served where the game has no such file any more.
  expect(decideServe(view({ fileAt: () => undefined }), file("empty"))).toMatchObject({
    refuse: "no_such_file",
  });
});
