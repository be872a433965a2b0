import { PEER_ERRORS } from "@lanspread/peer";
import { describe, expect, it } from "vitest";
import { combineExitCodes, EXIT, exitCodeForError } from "../src/exit-codes.ts";

describe("exit codes", () => {
  it.each([
    ["disk-full", 5],
    ["verification", 6],
    ["no-network-interface", 7],
    ["cancelled", 4],
    ["no-peers-have-game", 3],
    ["operation-in-progress", 1],
    ["no-such-code", 1],
  ])("ends with %s as %d", (code, exit) => expect(exitCodeForError(code)).toBe(exit));

  it("gives no error of the registry the code of success", () => {
    for (const code of Object.keys(PEER_ERRORS)) expect(exitCodeForError(code)).not.toBe(EXIT.done);
  });

  it("knows every error code that it treats specially", () => {
    const special = Object.keys(PEER_ERRORS).filter((code) => exitCodeForError(code) !== EXIT.failed);
    expect(special).toHaveLength(8);
  });

  it("combines several ends into the first bad one, cancelled before all", () => {
    expect(combineExitCodes([])).toBe(EXIT.done);
    expect(combineExitCodes([EXIT.done, EXIT.verification, EXIT.diskFull])).toBe(EXIT.verification);
    expect(combineExitCodes([EXIT.verification, EXIT.cancelled])).toBe(EXIT.cancelled);
  });
});
