import { chmod, mkdir, readFile, symlink, writeFile } from "node:fs/promises";
import { delimiter } from "node:path";
import { eventually, type TemporaryDirectory, temporaryDirectory } from "@lanspread/testkit";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { openFolder } from "../../shell/play/open-folder.ts";

const ELSEWHERE = process.platform === "linux" ? "" : " (skipped: the file manager is another one here)";

let dir: TemporaryDirectory;
const path = process.env["PATH"];

/** The file manager is a script that does this. */
async function fileManager(does: string): Promise<void> {
  await mkdir(dir.join("bin"));
  await writeFile(dir.join("bin", "xdg-open"), `#!/bin/sh\n${does}\n`);
  await chmod(dir.join("bin", "xdg-open"), 0o755);
  process.env["PATH"] = `${dir.join("bin")}${delimiter}${path}`;
}

beforeEach(async () => {
  dir = await temporaryDirectory();
});

/** However slow the machine is: the file manager is waited for until it has ended. */
function waitForItsEnd(): void {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
}

afterEach(async () => {
  vi.useRealTimers();
  process.env["PATH"] = path;
  await dir[Symbol.asyncDispose]();
});

describe.skipIf(ELSEWHERE !== "")(`opening a folder${ELSEWHERE}`, () => {
  it("gives its path to the file manager as one argument that no shell has read", async () => {
    const folder = dir.join("a b; touch $HOME `id`");
    await mkdir(folder);
    await fileManager(`printf '%s|' "$#" "$@" > "${dir.join("told")}"`);
    waitForItsEnd();
    await openFolder(folder);
    expect(await readFile(dir.join("told"), "utf8")).toBe(`1|${folder}|`);
  });

  it("does not wait for one that runs as long as the folder is shown", async () => {
    const said = () => readFile(dir.join("pid"), "utf8");
    await fileManager(`echo $$ > "${dir.join("pid")}"; exec sleep 60`);
    await openFolder(dir.join("."));
    // The file is there before its line is: nought would be every process of the tests.
    const pid = await eventually(async () => /^\d+\n$/u.test(await said()) && Number(await said()));
    process.kill(pid);
  });

  it("refuses what is not there, what is no folder, and what only leads to one", async () => {
    await fileManager(`touch "${dir.join("told")}"`);
    await writeFile(dir.join("file"), "");
    await symlink(dir.join("."), dir.join("link"));
    await expect(openFolder(dir.join("gone"))).rejects.toMatchObject({ code: "no-such-directory" });
    for (const name of ["file", "link"]) {
      await expect(openFolder(dir.join(name))).rejects.toMatchObject({ code: "not-a-directory" });
    }
    await expect(readFile(dir.join("told"))).rejects.toThrow("ENOENT");
  });

  it("says that there is no file manager, or why it failed", async () => {
    await fileManager("exit 3");
    waitForItsEnd();
    await expect(openFolder(dir.join("."))).rejects.toMatchObject({
      message: expect.stringContaining("it ended with 3"),
      hint: expect.stringContaining("by hand"),
    });
    process.env["PATH"] = dir.join("empty");
    await expect(openFolder(dir.join("."))).rejects.toMatchObject({
      message: expect.stringContaining("xdg-open"),
    });
  });
});
