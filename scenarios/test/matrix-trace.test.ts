import { expect, it } from "vitest";
import { stepsIn } from "../src/matrix/trace.ts";

it("finds the steps of an operation, each counted for itself", () => {
  const log = [
    "change remove control.sock.1234",
    "change remove .install_intent.json.tmp",
    "change sync install_intent.json",
    "change rename install_intent.json",
    "some line about change rename local",
    "change rename library.json",
    "change rename install_intent.json",
    "change rename local",
  ].join("\n");
  expect(stepsIn(log)).toEqual([
    { operation: "rename", file: "install_intent.json", nth: 1 },
    { operation: "rename", file: "install_intent.json", nth: 2 },
    { operation: "rename", file: "local", nth: 1 },
  ]);
});

it("takes changes of the game's own files for steps where they are named", () => {
  const log = ["change remove game.eti", "change write game.eti", "change remove other.eti"].join("\n");
  expect(stepsIn(log)).toEqual([]);
  expect(stepsIn(log, ["game.eti"])).toEqual([{ operation: "remove", file: "game.eti", nth: 1 }]);
});
