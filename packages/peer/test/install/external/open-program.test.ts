import { chmod, mkdir, writeFile } from "node:fs/promises";
import { temporaryDirectory } from "@lanspread/testkit";
import { describe, expect, it } from "vitest";
import { openProgram } from "../../../src/install/external/open-program.ts";
import { fakeUnavailable, fakeUnrar } from "./fake-program.ts";
import { pathsOf } from "./real-programs.ts";

const refused = (path: string, why: string) => ({
  code: "unpacker-unusable",
  message: expect.stringMatching(new RegExp(`^${path}.*${why}`, "u")),
  hint: expect.stringMatching(/unrar|built-in/u),
});

describe("a program that is named to unpack", () => {
  it("is asked what it is", async () => {
    await using place = await temporaryDirectory();
    const path = await fakeUnrar(place);
    expect(await openProgram(path)).toEqual({ kind: "unrar", path, title: "UNRAR 6.21" });
  });

  it.skipIf(fakeUnavailable !== undefined)("is refused where it is not there or no program", async () => {
    await using place = await temporaryDirectory();
    const missing = place.join("missing");
    await expect(openProgram(missing)).rejects.toMatchObject(refused(missing, "no such program"));
    await mkdir(place.join("directory"));
    await expect(openProgram(place.join("directory"))).rejects.toMatchObject(
      refused(place.join("directory"), "no program that you may run"),
    );
    const text = await fakeUnrar(place);
    await chmod(text, 0o644);
    await expect(openProgram(text)).rejects.toMatchObject(refused(text, "no program that you may run"));
    const noise = place.join("noise");
    await writeFile(noise, Buffer.from([0, 1, 2, 3]), { mode: 0o755 });
    await expect(openProgram(noise)).rejects.toMatchObject(refused(noise, ""));
  });

  it.skipIf(fakeUnavailable !== undefined).each([
    ["says something else", "echo hello"],
    ["says nothing", "exit 0"],
    ["never stops talking", "exec yes"],
    ["never ends behind its words", "yes | head -c 100000; exec sleep 600"],
  ])("is refused where it %s", async (_, line) => {
    await using place = await temporaryDirectory();
    const path = place.join("other");
    await writeFile(path, `#!/bin/sh\n${line}\n`, { mode: 0o755 });
    await expect(openProgram(path)).rejects.toMatchObject(refused(path, "no unpacker that is known here"));
  });

  it.skipIf(fakeUnavailable !== undefined)("is asked no longer when the start is aborted", async () => {
    await using place = await temporaryDirectory();
    const path = place.join("silent");
    await writeFile(path, "#!/bin/sh\nexec sleep 600\n", { mode: 0o755 });
    const stop = new AbortController();
    const opening = openProgram(path, stop.signal);
    setImmediate(() => stop.abort());
    await expect(opening).rejects.toMatchObject({ code: "cancelled" });
  });
});

const unfit = (await Promise.all(["bsdtar", "unrar-free"].map(pathsOf))).flat();

describe.skipIf(unfit.length === 0)(
  `programs on libarchive${unfit.length === 0 ? " (skipped: neither bsdtar nor unrar-free on the PATH)" : ""}`,
  () => {
    it.each(unfit)("are refused: %s", async (path) => {
      await expect(openProgram(path)).rejects.toMatchObject(refused(path, "libarchive"));
    });
  },
);
