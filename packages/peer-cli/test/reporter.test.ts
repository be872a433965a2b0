import { PassThrough } from "node:stream";
import { asGameId, asPeerId, type GameVersion, type ListedGame } from "@lanspread/proto";
import { describe, expect, it } from "vitest";
import { createPeerNames } from "../src/report/peer-names.ts";
import { createReporter, type ReporterOptions } from "../src/report/reporter.ts";
import { wantsColors } from "../src/run-command.ts";

const quake: ListedGame = {
  id: asGameId("quake3"),
  name: "Quake \u001b[31mIII",
  version: "20180412" as GameVersion,
  size: 1_572_864,
  downloaded: true,
  installed: false,
  localVersion: "20180412" as GameVersion,
  availability: "ready",
  peerCount: 2,
  operation: null,
};

const anna = asPeerId("6fa459ea-ee8a-8ca4-894e-db77e160355a");
const bert = asPeerId("6fa459ea-ee8a-8ca4-894e-db77e160355b");
const liar = asPeerId("6fa459ea-ee8a-8ca4-894e-db77e160355c");
const names = createPeerNames();
names.learn([
  { peerId: anna, name: "anna" },
  { peerId: bert, name: "bert" },
  { peerId: liar, name: "carl\u001b[2J" },
]);

function reporter(options: Partial<ReporterOptions> = {}) {
  const streams = { stdout: new PassThrough(), stderr: new PassThrough() };
  const all = { terminal: false, colors: false, json: false, quiet: false, ...streams, ...options };
  const text = (stream: PassThrough): string => String(stream.read() ?? "");
  return { report: createReporter(all), out: () => text(streams.stdout), err: () => text(streams.stderr) };
}

describe("the reporter", () => {
  it("prints a result as a table on stdout, without what another machine put into a name", () => {
    const { report, out, err } = reporter();
    report.result({ kind: "games", games: [quake] });
    expect(out().split("\n")).toEqual([
      "ID      NAME            VERSION        SIZE  PEERS  HERE",
      "quake3  Quake ?[31mIII  2018.04.12  1.5 MiB      2  downloaded",
      "",
    ]);
    expect(err()).toBe("");
  });

  it("prints one JSON document with --json, in the names of the harness", () => {
    const { report, out } = reporter({ json: true });
    report.result({ kind: "games", games: [quake] });
    const printed = out();
    expect(printed.trimEnd()).not.toContain("\n");
    expect(JSON.parse(printed)).toEqual({
      games: [
        expect.objectContaining({ id: "quake3", local_version: "20180412", peer_count: 2, name: quake.name }),
      ],
    });
  });

  it("prints an empty list as nothing for people, and as an empty list for programs", () => {
    const people = reporter();
    people.report.result({ kind: "peers", peers: [] });
    expect(people.out()).toBe("");
    const programs = reporter({ json: true });
    programs.report.result({ kind: "peers", peers: [] });
    expect(programs.out()).toBe('{"peers":[]}\n');
  });

  it("shows a failure with its remedy on stderr, also with --quiet", () => {
    const { report, out, err } = reporter({ quiet: true });
    report.notice("nobody reads this");
    report.warn("nor this");
    report.failure({ code: "disk-full", message: "/srv is full", hint: "Free 2 GiB." });
    expect(err()).toBe("error: /srv is full (disk-full)\n  Free 2 GiB.\n");
    expect(out()).toBe("");
  });

  it("shows a failure as one JSON line on stderr with --json", () => {
    const { report, out, err } = reporter({ json: true });
    report.failure({ code: "disk-full", message: "full" });
    expect(JSON.parse(err())).toEqual({ type: "error", code: "disk-full", message: "full" });
    expect(out()).toBe("");
  });

  const sample = {
    ...{ label: "quake3", phase: "downloading", doneBytes: 1, totalBytes: 2 },
    ...{ bytesPerSecond: 1, etaSeconds: 1 },
  };

  it.each([
    ["lines off a terminal", {}, "lines", /^quake3: downloading 50 %.*\nnews\n$/],
    ["nothing off a terminal where lines are not wanted", {}, "nothing", /^news\n$/],
    ["nothing off a terminal with --json", { json: true }, "lines", /^news\n$/],
    ["bars on a terminal", { terminal: true }, "nothing", /quake3 {2}\[#+\.+\]/],
    ["nothing with --quiet", { quiet: true, terminal: true }, "lines", /^$/],
  ] as const)("shows progress as %s", (_, options, elsewhere, text) => {
    const { report, err } = reporter(options);
    const progress = report.openProgress(elsewhere);
    progress.update("quake3", sample);
    report.notice("news");
    report.close();
    expect(err()).toMatch(text);
  });

  it.each([
    [true, "\u001b[2m  anna"],
    [false, "\n  anna"],
  ])("dims the sources below a bar where there are colours: %s", (colors, text) => {
    const { report, err } = reporter({ terminal: true, colors });
    const sources = [{ name: "anna", bytes: 1, bytesPerSecond: 1 }];
    report.openProgress("nothing").update("quake3", { ...sample, sources });
    report.close();
    expect(err().replaceAll("\u001b[K", "")).toContain(text);
  });

  it("shows a failure with names instead of ids, and the ids with --json", () => {
    const failure = { code: "verification", message: `from ${anna}` };
    const people = reporter();
    people.report.failure(failure, names.inText);
    expect(people.err()).toBe("error: from anna (verification)\n");
    const programs = reporter({ json: true });
    programs.report.failure(failure, names.inText);
    expect(JSON.parse(programs.err())).toMatchObject(failure);
  });

  it.each([
    ["install", {}, "installed quake3  3 files, 2.0 MiB, 5 s\n"],
    ["get", { bytes: 0 }, "got quake3  was here already, 3 files installed in 5 s\n"],
  ] as const)("shows what an %s has installed", (verb, more, text) => {
    const { report, out } = reporter();
    const installed = { installedFiles: 3, installedBytes: 2 * 1_048_576, installMs: 4_100 };
    report.result({
      kind: "operations",
      verb,
      names,
      outcomes: [{ gameId: "quake3", outcome: "done", ...more, ...installed }],
    });
    expect(out()).toBe(text);
  });

  it("does not say of a game without bytes that it was here already when it came unpacked", () => {
    const { report, out } = reporter();
    const came = { bytes: 0, elapsedMs: 1_000, installedFiles: 2, installedBytes: 0 };
    report.result({
      kind: "operations",
      verb: "get",
      names,
      outcomes: [{ gameId: "quake3", outcome: "done", ...came }],
    });
    expect(out()).toBe("got quake3  0 B, 1 s, 2 files installed\n");
  });

  it("shows what was done with its figures, and who gave it", () => {
    const { report, out, err } = reporter();
    const figures = { bytes: 1_048_576, elapsedMs: 2000, mibPerS: 0.5 };
    report.result({
      kind: "operations",
      verb: "get",
      names,
      outcomes: [
        {
          ...{ gameId: "quake3", outcome: "done", ...figures, retried: 1, installedFiles: 3 },
          sources: { [bert]: 262_144, [anna]: 524_288, [liar]: 0 },
          struckOut: [{ peerId: liar, why: `quake3/a: piece 3 came wrong from ${liar}` }],
        },
        { gameId: "doom", outcome: "cancelled" },
        { gameId: "ut99", outcome: "done", ...figures, retried: 0, sources: { [anna]: 1_048_576 } },
        { gameId: "hl", outcome: "done", bytes: 0, retried: 0, elapsedMs: 0, mibPerS: 0, sources: {} },
      ],
    });
    expect(out().split("\n")).toEqual([
      "got quake3  1.0 MiB, 2 s, 512.0 KiB/s, 1 piece asked for again, 3 files installed",
      "  SOURCE             BYTES  SHARE",
      "  anna           512.0 KiB   50 %",
      "  bert           256.0 KiB   25 %",
      "  (here before)  256.0 KiB   25 %",
      "  struck out: carl?[2J, because quake3/a: piece 3 came wrong",
      "got ut99  1.0 MiB, 2 s, 512.0 KiB/s, all from anna",
      "got hl  was here already",
      "",
    ]);
    expect(err()).toBe("");
  });

  it("shows what a removal has deleted, and what it could not yet", () => {
    const { report, out } = reporter();
    const removed = { outcome: "done", removedFiles: 3, removedBytes: 2 * 1_048_576 } as const;
    report.result({
      kind: "operations",
      verb: "remove",
      names,
      outcomes: [
        { ...removed, gameId: "quake3", left: 0 },
        { ...removed, gameId: "doom", left: 2 },
      ],
    });
    expect(out().split("\n")).toEqual([
      "removed quake3  3 files, 2.0 MiB",
      "removed doom  3 files, 2.0 MiB",
      "  left: 2 files could not be deleted yet: the next start of lanspread tries again",
      "",
    ]);
  });

  it("keeps peer ids as they are in JSON", () => {
    const { report, out } = reporter({ json: true });
    const peerId = "6fa459ea-ee8a-8ca4-894e-db77e160355e";
    const done = { gameId: "quake3", outcome: "done", mibPerS: 1, sources: { [peerId]: 5 } } as const;
    report.result({ kind: "operations", verb: "get", outcomes: [done], names });
    expect(JSON.parse(out())).toEqual({
      games: [{ game_id: "quake3", outcome: "done", mib_per_s: 1, sources: { [peerId]: 5 } }],
    });
  });
});

describe("colours", () => {
  it.each([
    [{}, true, true],
    [{}, false, false],
    [{ NO_COLOR: "1" }, true, false],
    [{ NO_COLOR: "1", FORCE_COLOR: "1" }, true, false],
    [{ NO_COLOR: "" }, true, true],
    [{ FORCE_COLOR: "1" }, false, true],
    [{ FORCE_COLOR: "0" }, true, false],
    [{ TERM: "dumb" }, true, false],
  ])("with %j on a terminal (%s): %s", (env, terminal, colors) =>
    expect(wantsColors(env, terminal)).toBe(colors),
  );
});
