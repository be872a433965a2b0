import { PassThrough } from "node:stream";
import { asGameId, asPeerId, type GameVersion, type ListedGame } from "@lanspread/proto";
import { describe, expect, it } from "vitest";
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

  it("shows what was done with its figures, and no bars off a terminal", async () => {
    const { report, out, err } = reporter();
    const progress = await report.openProgress();
    progress.update("quake3", {
      ...{ label: "quake3", phase: "downloading", doneBytes: 1, totalBytes: 2 },
      ...{ bytesPerSecond: 1, etaSeconds: 1 },
    });
    progress.close();
    const sources = { [asPeerId("6fa459ea-ee8a-8ca4-894e-db77e160355e")]: 1_048_576 };
    report.result({
      kind: "operations",
      verb: "get",
      outcomes: [
        {
          gameId: "quake3",
          outcome: "done",
          bytes: 1_048_576,
          elapsedMs: 2000,
          mibPerS: 0.5,
          sources,
          installedFiles: 3,
        },
        { gameId: "doom", outcome: "cancelled" },
      ],
    });
    expect(out()).toBe("got quake3  1.0 MiB, 2 s, 512.0 KiB/s, 3 files installed\n");
    expect(err()).toBe("");
  });

  it("keeps peer ids as they are in JSON", () => {
    const { report, out } = reporter({ json: true });
    const peerId = "6fa459ea-ee8a-8ca4-894e-db77e160355e";
    const done = { gameId: "quake3", outcome: "done", mibPerS: 1, sources: { [peerId]: 5 } } as const;
    report.result({ kind: "operations", verb: "get", outcomes: [done] });
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
