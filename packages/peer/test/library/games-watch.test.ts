import { mkdir, realpath } from "node:fs/promises";
import { join } from "node:path";
import { asGameId } from "@lanspread/proto";
import { temporaryDirectory } from "@lanspread/testkit";
import { describe, expect, it } from "vitest";
import { GamesWatch } from "../../src/library/games-watch.ts";
import { GGOO } from "./support.ts";

const OTHER = asGameId("other");

describe.runIf(process.platform === "linux")("the watch of a root of its own", () => {
  it("is taken once for all who ask before its turn has come, and anew for who asks later", async () => {
    await using dir = await temporaryDirectory();
    const place = await realpath(dir.path);
    for (const id of [GGOO, OTHER]) await mkdir(join(place, id));
    const taken: string[] = [];
    const closed: string[] = [];
    const otherIsTaken = Promise.withResolvers<void>();
    const watch = await GamesWatch.open({
      gamesDir: place,
      watchDirectory: async (path) => {
        taken.push(path);
        if (path === join(place, OTHER)) await otherIsTaken.promise;
        return { close: async () => void closed.push(path) };
      },
      onEvents: () => {},
      onFailure: (failure) => expect.unreachable(failure.message),
    });
    const before = watch.refreshRoot(OTHER);
    const asked = [watch.refreshRoot(GGOO), watch.refreshRoot(GGOO), watch.refreshRoot(GGOO)];
    otherIsTaken.resolve();
    await Promise.all([before, ...asked]);
    expect(taken).toEqual([place, join(place, OTHER), join(place, GGOO)]);
    await watch.refreshRoot(GGOO);
    expect([taken.slice(3), closed]).toEqual([[join(place, GGOO)], [join(place, GGOO)]]);
    await watch.close();
    expect(closed).toHaveLength(4);
  });
});
