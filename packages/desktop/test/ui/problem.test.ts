import { asGameId } from "@lanspread/proto";
import { expect, it } from "vitest";
import { problemOf } from "../../ui/src/app/problem.ts";

it("a game that has to be started by hand comes with its folder, other refusals without", () => {
  const code = "no-such-file";
  const byHand = { code, message: "Quake brings no script", hint: "Open its folder and start it by hand." };
  const other = { code, message: "it is gone", hint: "Download it." };
  const gameId = asGameId("quake");
  const play = { type: "play", gameId } as const;
  expect(problemOf(play, byHand)).toEqual({ ...byHand, folderOf: gameId });
  expect(problemOf({ type: "start-server", gameId }, byHand)).toMatchObject({ folderOf: gameId });
  expect(problemOf(play, other)).toEqual(other);
  expect(problemOf({ type: "open-games-folder" }, byHand)).toEqual(byHand);
});
