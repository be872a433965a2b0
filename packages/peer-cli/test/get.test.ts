import { describe, expect, it } from "vitest";
import { startCli } from "./support/cli.ts";
import { makeGame } from "./support/games.ts";
import { makePlace } from "./support/place.ts";
import { Screen } from "./support/screen.ts";
import { noTerminal, ON_A_TERMINAL, TERMINAL_ENV } from "./support/terminal.ts";
import { DEADLINE_MS, PATIENT, startTestHarness } from "./support/test-harness.ts";

const MIB = 1_048_576;

describe("lanspread get", () => {
  it.skipIf(noTerminal !== undefined)(
    `draws bars on a terminal, without a colour where none is wanted, and leaves the result there${noTerminal === undefined ? "" : ` (skipped: ${noTerminal})`}`,
    async () => {
      await using place = await makePlace();
      const [attic, me] = [await place.peer("attic"), await place.peer("me")];
      await makeGame(attic.games, "quake3", { files: { "data.pak": 8 * MIB } });
      await makeGame(attic.games, "doom", { files: { "doom.wad": MIB } });
      const source = startTestHarness(attic.args);
      await source.event("local-peer-ready");
      const cli = startCli(["get", "quake3", "doom", "--no-install", ...PATIENT, ...me.args], {
        env: TERMINAL_ENV,
        inFront: ON_A_TERMINAL,
      });
      const { code, stdout } = await cli.ended;
      await source.close();
      expect(code, stdout).toBe(0);
      expect(stdout).toMatch(/quake3 {2}\[[#.]+\] +\d+ % {2}/);
      expect(stdout).toContain("\u001b[J");
      expect(stdout).not.toContain("\u001b[2m");
      const screen = new Screen(80);
      screen.write(stdout);
      expect(screen.broken, JSON.stringify(stdout)).toBe(0);
      const lines = screen.lines.filter((line) => !line.startsWith("found attic"));
      expect(lines[0]).toMatch(/^looking for peers in party/);
      expect(lines.slice(1, 3).sort()).toEqual(["doom: done", "quake3: done"]);
      // A machine that is busy with other tests may let a piece wait so long that it is asked for again.
      expect(lines.slice(3)).toEqual([
        expect.stringMatching(
          /^got quake3 {2}8\.0 MiB, .*\/s, all from attic(, \d+ pieces? asked for again)?$/,
        ),
        expect.stringMatching(
          /^got doom {2}1\.0 MiB, .*\/s, all from attic(, \d+ pieces? asked for again)?$/,
        ),
        "",
      ]);
    },
    3 * DEADLINE_MS,
  );
});
