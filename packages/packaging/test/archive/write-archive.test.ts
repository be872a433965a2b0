import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { chmod, copyFile, link, mkdir, readFile, utimes, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { type TemporaryDirectory, temporaryDirectory } from "@lanspread/testkit";
import { describe, expect, it } from "vitest";
import { byPath, type ShippedFile } from "../../src/app/shipped-file.ts";
import { type ArchiveKind, hasXz, writeArchive } from "../../src/archive/write-archive.ts";
import { run } from "../support/run.ts";

const KINDS: readonly ArchiveKind[] = hasXz() ? ["tar.gz", "tar.xz", "zip"] : ["tar.gz", "zip"];

const hasPython = spawnSync("python3", ["--version"]).status === 0;

/** A name of over 100 bytes does not fit into a plain tar header. */
const LONG = `app/${"folder/".repeat(18)}last.js`;

/** Files to be archived, with times and rights of `made`. */
async function sample(place: TemporaryDirectory, made: Date, mode: number): Promise<readonly ShippedFile[]> {
  const files: ShippedFile[] = [
    { path: "README.txt", isExecutable: false, content: { text: "Grüße\n" } },
    { path: "lanspread", isExecutable: true, content: { text: "#!/bin/sh\n" } },
  ];
  for (const path of ["node/bin/node", "app/a.js", "app/A/b.json", "app/empty.js", LONG]) {
    const file = place.join("sample", path);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, path === "app/empty.js" ? "" : path.repeat(1_000));
    await chmod(file, mode);
    await utimes(file, made, made);
    files.push({ path, isExecutable: path === "node/bin/node", content: { file } });
  }
  return files.sort(byPath);
}

async function archive(
  kind: ArchiveKind,
  place: TemporaryDirectory,
  made: Date,
  mode: number,
): Promise<string> {
  const file = place.join(`${mode.toString(8)}.${kind}`);
  await writeArchive(file, { kind, folder: "top", files: await sample(place, made, mode), isQuick: false });
  return file;
}

const digest = async (file: string): Promise<string> =>
  createHash("sha256")
    .update(await readFile(file))
    .digest("hex");

describe.each(KINDS)("an archive of the kind %s", (kind) => {
  it("has the same bytes whatever the times, rights and place of the files are", async () => {
    await using one = await temporaryDirectory();
    await using other = await temporaryDirectory();
    const first = await archive(kind, one, new Date("2026-11-21T12:00:00Z"), 0o600);
    const second = await archive(kind, other, new Date("1999-01-01T00:00:00Z"), 0o777);
    expect(await digest(second)).toBe(await digest(first));
  });

  it("has the same bytes in every time zone", async () => {
    await using place = await temporaryDirectory();
    const module = fileURLToPath(new URL("../../src/archive/write-archive.ts", import.meta.url));
    const script = `const { writeArchive } = await import(${JSON.stringify(module)});
      const files = [{ path: "a", isExecutable: false, content: { text: "b" } }];
      await writeArchive(process.argv[1], { kind: ${JSON.stringify(kind)}, folder: "top", files, isQuick: true });`;
    const digests = ["UTC", "Pacific/Auckland", "America/Los_Angeles"].map((zone) => {
      const file = place.join(`${zone.replace("/", "-")}.${kind}`);
      run("env", `TZ=${zone}`, process.execPath, "--input-type=module", "--eval", script, file);
      return digest(file);
    });
    expect(new Set(await Promise.all(digests)).size).toBe(1);
  });

  it("has the same bytes where several names lead to one file, and no link", async () => {
    await using place = await temporaryDirectory();
    const [first, copy, name] = [place.join("first"), place.join("copy"), place.join("name")];
    await writeFile(first, "same".repeat(2 ** 19));
    await copyFile(first, copy);
    await link(first, name);
    const digests = [copy, name].map(async (other) => {
      const files = [first, other].map((file, index) => ({
        path: String(index),
        isExecutable: false,
        content: { file },
      }));
      const into = place.join(`${other.slice(place.path.length + 1)}.${kind}`);
      await writeArchive(into, { kind, folder: "top", files, isQuick: true });
      return digest(into);
    });
    const [ofCopies, ofNames] = await Promise.all(digests);
    expect(ofNames).toBe(ofCopies);
  });

  const unreadable = kind === "zip" && !hasPython ? " (skipped: needs python3)" : "";
  it.skipIf(unreadable !== "")(
    `is read by another program, with names, rights and bytes${unreadable}`,
    async () => {
      await using place = await temporaryDirectory();
      const file = await archive(kind, place, new Date(), 0o644);
      const into = place.join("unpacked");
      await mkdir(into);
      if (kind === "zip") run("python3", "-c", UNZIP, file, into);
      else run("tar", "--extract", "--file", file, "--directory", into);
      expect(listing(into)).toBe(
        ["A/b.json", "a.js", "empty.js", LONG.slice("app/".length)]
          .map((path) => `f 644 top/app/${path}`)
          .concat("f 644 top/README.txt", "f 755 top/lanspread", "f 755 top/node/bin/node")
          .sort()
          .join("\n"),
      );
      expect(await readFile(`${into}/top/README.txt`, "utf8")).toBe("Grüße\n");
      expect(await readFile(`${into}/top/${LONG}`, "utf8")).toBe(LONG.repeat(1_000));
      expect(await readFile(`${into}/top/app/empty.js`, "utf8")).toBe("");
    },
  );

  it("leaves nothing behind where a file is missing", async () => {
    await using place = await temporaryDirectory();
    const files = [{ path: "a", isExecutable: false, content: { file: place.join("nothing") } }];
    const file = place.join(`a.${kind}`);
    await expect(writeArchive(file, { kind, folder: "top", files, isQuick: true })).rejects.toThrow(
      "nothing",
    );
    expect(run("find", place.path, "-type", "f")).toBe("");
  });
});

/** Python's own reader checks the checksums; it does not set rights by itself. */
const UNZIP = `
import os, sys, zipfile
with zipfile.ZipFile(sys.argv[1]) as archive:
    for entry in archive.infolist():
        os.chmod(archive.extract(entry, sys.argv[2]), entry.external_attr >> 16 & 0o777)
        assert entry.external_attr >> 28 == 8, entry.filename
`;

function listing(dir: string): string {
  return run("find", dir, "-not", "-type", "d", "-printf", "%y %m %P\n").trim().split("\n").sort().join("\n");
}
