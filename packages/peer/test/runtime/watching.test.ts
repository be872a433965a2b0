import { rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { eventually } from "@lanspread/testkit";
import { expect, it } from "vitest";
import { makeGame, Party } from "./party.ts";

const DEADLINE_MS = 90_000;

it("a game that is put into the folder is offered to the others, and one that is taken out is not, without any command", async () => {
  await using party = await Party.make();
  const alpha = await party.start("alpha");
  const bravo = await party.start("bravo");
  await bravo.event("peer-discovered");
  await alpha.event("peer-discovered");
  const offers = (): readonly string[] =>
    bravo.peer
      .snapshot()
      .games.filter(({ peerCount }) => peerCount > 0)
      .map(({ id }) => id);
  expect(offers()).toEqual([]);

  await makeGame(party.path("elsewhere"), "quake");
  await rename(party.path("elsewhere", "quake"), join(alpha.gamesDir, "quake"));
  await eventually(() => offers().join() === "quake", { what: "quake at bravo", deadlineMs: DEADLINE_MS });

  await rename(join(alpha.gamesDir, "quake"), join(alpha.gamesDir, "doom"));
  await eventually(() => offers().join() === "doom", { what: "doom at bravo", deadlineMs: DEADLINE_MS });

  await rm(join(alpha.gamesDir, "doom", "version.ini"));
  await eventually(() => offers().length === 0, { what: "nothing at bravo", deadlineMs: DEADLINE_MS });
  // What was warned of at the start is not true any more when it has games.
  await makeGame(alpha.gamesDir, "doom");
  await eventually(() => alpha.peer.snapshot().warnings.length === 0, { deadlineMs: DEADLINE_MS });
});
