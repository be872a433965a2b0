import { expect, it } from "vitest";
import { parseArguments } from "../../src/runner/arguments.ts";

it("takes ids in any case, each once", () => {
  expect(parseArguments(["s4", "S13", "S4", "--keep", "--junit", "out.xml"])).toEqual({
    help: false,
    ids: ["S4", "S13"],
    keep: true,
    list: false,
    sabotage: false,
    loopback: false,
    failOnSkip: false,
    junit: "out.xml",
    repeat: 1,
  });
});

it.each(["--help", "-h"])("shows what it takes for %s", (option) => {
  expect(parseArguments([option]).help).toBe(true);
});

it.each([
  [["4"], '"4"'],
  [["S0"], '"S0"'],
  [["--sabotage", "S4"], "by itself"],
  [["--repeat", "0"], "--repeat"],
  [["--repeat", "1.5"], "--repeat"],
  [["--what"], "--what"],
])("refuses %j", (args, message) => {
  expect(() => parseArguments(args)).toThrow(message);
});
