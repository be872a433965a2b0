import { writeFile } from "node:fs/promises";
import type { TemporaryDirectory } from "@lanspread/testkit";

/** What UnRAR says when it is started without arguments. */
export const UNRAR_BANNER = "UNRAR 6.21 freeware      Copyright (c) 1993-2023 Alexander Roshal";

/** Why programs of a line of shell cannot be made here, or undefined. */
export const fakeUnavailable = process.platform === "win32" ? "needs a shell" : undefined;

/** A program that says it is an UnRAR and then does what these lines of shell say. Returns its path. */
export async function fakeUnrar(place: TemporaryDirectory, ...lines: readonly string[]): Promise<string> {
  const path = place.join("fake-unrar");
  const script = ["#!/bin/sh", `if [ $# = 0 ]; then echo '${UNRAR_BANNER}'; exit 0; fi`, ...lines, ""];
  await writeFile(path, script.join("\n"), { mode: 0o755 });
  return path;
}
