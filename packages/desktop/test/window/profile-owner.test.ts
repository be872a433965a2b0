import { spawn } from "node:child_process";
import { once } from "node:events";
import { symlink } from "node:fs/promises";
import { hostname } from "node:os";
import { eventually, temporaryDirectory } from "@lanspread/testkit";
import { describe, expect, it } from "vitest";
import { foundBrowser } from "../../shell/window/browser-process.ts";
import { findProfileOwner } from "../../shell/window/profile-owner.ts";
import { raiseCommand } from "../../shell/window/raise-window.ts";

describe.skipIf(process.platform === "win32")("the browser that has the profile (not on Windows)", () => {
  it("is who its lock names, where that is really a browser of this profile on this computer", async () => {
    await using profile = await temporaryDirectory();
    const lock = profile.join("SingletonLock");
    expect(await findProfileOwner(profile.join("."))).toBeNull();
    const directory = lock.slice(0, -"/SingletonLock".length);
    // It has the profile among its arguments, as a browser does.
    const child = spawn(process.execPath, [
      "-e",
      "setInterval(() => {}, 1e6)",
      "--",
      `--user-data-dir=${directory}`,
    ]);
    await once(child, "spawn");
    await symlink(`${hostname()}-${child.pid}`, lock);
    // It is forked first, and then becomes what it is.
    await eventually(async () => (await findProfileOwner(directory)) === child.pid, { what: "the owner" });
    const browser = foundBrowser(child.pid ?? 0);
    await browser.close();
    expect(await browser.ended).toEqual({ code: null });
    expect(child.signalCode).toBe("SIGTERM");
    expect(await findProfileOwner(directory)).toBeNull();
  });

  it.each([
    ["a process that has nothing to do with it", () => `${hostname()}-${process.pid}`],
    ["another computer", () => `elsewhere-${process.pid}`],
    ["nobody", () => "nonsense"],
  ])("is nobody where the lock names %s", async (_, target) => {
    await using profile = await temporaryDirectory();
    await symlink(target(), profile.join("SingletonLock"));
    expect(await findProfileOwner(profile.join("SingletonLock").replace("/SingletonLock", ""))).toBeNull();
  });
});

describe("what brings a window to the front", () => {
  it("names the process, and passes through no shell", () => {
    for (const platform of ["linux", "darwin", "win32"] as const) {
      expect(raiseCommand(platform, 4321)?.join(" ")).toContain("4321");
    }
    expect(raiseCommand("aix", 1)).toBeNull();
  });
});
