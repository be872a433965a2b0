import { execFile } from "node:child_process";
import { copyFile, mkdir, readdir } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { namespacesUnavailable, temporaryDirectory } from "@lanspread/testkit";
import { describe, expect, it } from "vitest";
import { buildPackage } from "../../src/build-package.ts";
import { PLATFORMS } from "../../src/platforms.ts";
import { run } from "../support/run.ts";
import { makeEmptyRoot } from "./empty-root.ts";

/** For the archive and for everything that is done with it, on a machine that does much else. */
const TIME_MS = 400_000;

const unavailable =
  process.platform === "linux" && process.arch === "x64"
    ? namespacesUnavailable()
    : "needs Linux on an x64 processor";
const note = unavailable === undefined ? "" : ` (skipped: ${unavailable})`;

/** Runs in namespaces of its own: nothing that is mounted or sent there is seen here, and what is left running ends with it. */
const INSIDE = `ip link set lo up && mount -t proc proc "$1/proc" && exec chroot "$1" "$2" /driver.ts "$3"`;

describe.skipIf(unavailable !== undefined)(`the archive for linux-x64 in an empty root${note}`, () => {
  it("runs, downloads over lanes, installs, and shows its page", { timeout: TIME_MS }, async () => {
    await using place = await temporaryDirectory("lanspread-package-");
    const [platform] = PLATFORMS;
    expect(platform?.name).toBe("linux-x64");
    if (platform === undefined) return;
    const built = await buildPackage(platform, { outputDir: place.path, isQuick: true });
    const root = place.join("root");
    await mkdir(join(root, "opt"), { recursive: true });
    run("tar", "--extract", "--gzip", "--file", built.file, "--directory", join(root, "opt"));
    const home = join(root, "opt", built.folder);
    const found = await readdir(home, { recursive: true });
    const natives = found.filter((path) => path.endsWith(".node")).map((path) => join(home, path));
    expect(natives).toHaveLength(Object.keys(platform.natives).length);
    const libraries = await makeEmptyRoot(root, [join(home, "node", platform.nodeFile), ...natives]);
    expect(
      libraries.filter(
        (path) => !/\/(?:ld-linux|lib(?:c|m|dl|rt|pthread|stdc\+\+|gcc_s|atomic)\.)/u.test(path),
      ),
    ).toEqual([]);
    await copyFile(fileURLToPath(new URL("driver.ts", import.meta.url)), join(root, "driver.ts"));

    const inside = `/opt/${built.folder}`;
    const namespaces = ["--mount", "--net", "--pid", "--ipc", "--uts", "--fork", "--kill-child"];
    const { stdout } = await promisify(execFile)(
      "unshare",
      [
        ...namespaces,
        "sh",
        "-c",
        INSIDE,
        "sh",
        root,
        `${inside}/node/${platform.nodeFile}`,
        `${inside}/lanspread`,
      ],
      { env: { PATH: process.env["PATH"] ?? "" } },
    );
    expect(stdout.split("\n")).toEqual([
      "version: 0.1.0",
      expect.stringMatching(/^help: \d+ lines$/u),
      "natives: koffi.node, watcher.node, node.napi.node",
      expect.stringMatching(/^download over lanes \[\[\d+,\d+\],\[\d+,\d+\]\], install of 3 files$/u),
      expect.stringMatching(/^desktop: page and \d+ parts$/u),
      "all is well",
      "",
    ]);
  });
});
