import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { findBrowsers } from "../../shell/window/find-browser.ts";

async function all(exists: (path: string) => boolean): Promise<string[]> {
  const found: string[] = [];
  for await (const path of findBrowsers(exists)) found.push(path);
  return found;
}

describe.skipIf(process.platform !== "linux")("browsers of this machine (on Linux)", () => {
  beforeEach(() => {
    vi.stubEnv("CHROME_PATH", undefined);
    vi.stubEnv("PATH", "/opt/a:/opt/b:/opt/a");
  });

  afterEach(() => {
    vi.unstubAllEnvs();
  });

  it("are those at the usual places, by name and then by place, each once", async () => {
    const there = ["/opt/b/chromium", "/opt/a/chromium", "/usr/bin/google-chrome", "/usr/bin/chromium"];
    expect(await all((path) => there.includes(path))).toEqual([
      "/usr/bin/google-chrome",
      "/opt/a/chromium",
      "/opt/b/chromium",
      "/usr/bin/chromium",
    ]);
  });

  it("begin with the one that is named, where that is there", async () => {
    vi.stubEnv("CHROME_PATH", "/home/ada/browser");
    const there = ["/home/ada/browser", "/usr/bin/chromium"];
    expect(await all((path) => there.includes(path))).toEqual(there);
    expect(await all((path) => path === "/usr/bin/chromium")).toEqual(["/usr/bin/chromium"]);
  });

  it("are none where there is none", async () => {
    expect(await all(() => false)).toEqual([]);
  });
});
