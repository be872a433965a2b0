import { symlink, writeFile } from "node:fs/promises";
import { type TemporaryDirectory, temporaryDirectory } from "@lanspread/testkit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { copyOf, type ShippedFile, textFile } from "../../src/app/shipped-file.ts";
import { inspect } from "../../src/inspect/inspect.ts";
import { PLATFORMS, type Platform } from "../../src/platforms.ts";
import { machO, pe } from "./made-executables.ts";

const MODULES = "app/node_modules";

let place: TemporaryDirectory;

beforeAll(async () => {
  place = await temporaryDirectory();
});

afterAll(async () => {
  await place[Symbol.asyncDispose]();
});

async function fileOf(name: string, bytes: Buffer | string): Promise<string> {
  await writeFile(place.join(name), bytes);
  return place.join(name);
}

const windows = platform("win-x64");
const mac = platform("darwin-arm64");

function platform(name: string): Platform {
  const found = PLATFORMS.find((known) => known.name === name);
  if (found === undefined) throw new Error(name);
  return found;
}

/** An archive that has everything, with programs and libraries that are heads alone. */
async function complete(system: Platform): Promise<ShippedFile[]> {
  const good = system === windows ? pe(0x8664, ["KERNEL32.dll"]) : machO({ isSigned: true, oldest: [13, 0] });
  const executable = await fileOf(`${system.name}.bin`, good);
  const main = await fileOf(
    "main.js",
    'import { z } from "zod";\nconst later = () => import("./other.js");\n',
  );
  const own = `${MODULES}/lanspread`;
  return [
    copyOf(executable, `node/${system.nodeFile}`),
    ...Object.entries(system.natives).map(([name, file]) => copyOf(executable, `${MODULES}/${name}/${file}`)),
    textFile(`${own}/bin/lanspread.mjs`, ""),
    copyOf(main, `${own}/dist/main.js`),
    textFile(`${own}/dist/other.js`, ""),
    textFile(`${MODULES}/zod/package.json`, "{}"),
    textFile(`${MODULES}/@lanspread/desktop/dist/page/index.html`, ""),
    textFile(`${MODULES}/certs/party-ca.pem`, ""),
    textFile(`${MODULES}/certs/party-ca-key.pem`, ""),
  ];
}

const without = (files: readonly ShippedFile[], path: string): ShippedFile[] =>
  files.filter((file) => file.path !== path);

/** The files with another file in the place of one. */
async function withBytes(files: readonly ShippedFile[], path: string, bytes: Buffer): Promise<ShippedFile[]> {
  return [...without(files, path), copyOf(await fileOf("other.bin", bytes), path)];
}

describe("inspect", () => {
  it.each([windows, mac])("finds nothing in a complete archive for $name", async (system) => {
    expect(await inspect(system, "lanspread-1", await complete(system))).toEqual([]);
  });

  it("misses each native library, Node.js, the page and the party CA", async () => {
    const files = await complete(windows);
    const paths = files.map(({ path }) => path).filter((path) => !/zod|other|main/u.test(path));
    expect(paths).toHaveLength(7);
    for (const path of paths) {
      expect(await inspect(windows, "lanspread-1", without(files, path))).toEqual([`${path} is missing`]);
    }
  });

  it("refuses natives of another system or processor, and what is none", async () => {
    const path = `${MODULES}/@parcel/watcher-win32-x64/watcher.node`;
    const files = await complete(windows);
    const faults = async (bytes: Buffer): Promise<readonly string[]> =>
      inspect(windows, "lanspread-1", await withBytes(files, path, bytes));
    expect(await faults(machO({ isSigned: true, oldest: [13, 0] }))).toEqual([
      `${path} is for another system (mach-o, arm64)`,
    ]);
    expect(await faults(pe(0xaa64, []))).toEqual([`${path} is for another system (pe, arm64)`]);
    expect(await faults(Buffer.from("version https://git-lfs".repeat(9)))).toEqual([
      `${path} is no program and no library`,
    ]);
  });

  it("refuses libraries that not every machine has, but for those that the readme asks for", async () => {
    const path = `node/${windows.nodeFile}`;
    const bytes = pe(0x8664, ["VCRUNTIME140.dll", "api-ms-win-crt-heap-l1-1-0.dll", "libssl-3.dll"]);
    expect(
      await inspect(windows, "lanspread-1", await withBytes(await complete(windows), path, bytes)),
    ).toEqual([`${path} needs libssl-3.dll, which not every machine has`]);
  });

  it("refuses what macOS would end, and what needs a newer one than the readme says", async () => {
    const path = `node/${mac.nodeFile}`;
    const files = await complete(mac);
    const faults = async (bytes: Buffer): Promise<readonly string[]> =>
      inspect(mac, "lanspread-1", await withBytes(files, path, bytes));
    expect(await faults(machO({ isSigned: false, oldest: [13, 0] }))).toEqual([`${path} has no signature`]);
    expect(await faults(machO({ isSigned: true, oldest: [15, 2] }))).toEqual([
      `${path} needs version 15.2 of the system, not 14.0`,
    ]);
  });

  it("refuses names that a system does not take, and two that are one there", async () => {
    const files = await complete(mac);
    for (const path of ["app/aux.js", "app/a:b", "app/end.", "app/../x"]) {
      expect(await inspect(mac, "lanspread-1", [...files, textFile(path, "")])).toHaveLength(1);
    }
    expect(
      await inspect(mac, "lanspread-1", [...files, textFile("app/A.js", ""), textFile("app/a.js", "")]),
    ).toHaveLength(1);
  });

  it("refuses links, and paths that are too long for Windows", async () => {
    const files = await complete(windows);
    await symlink(await fileOf("target", ""), place.join("link"));
    expect(
      await inspect(windows, "lanspread-1", [...files, copyOf(place.join("link"), "app/link.js")]),
    ).toEqual(["app/link.js is no file of its own"]);
    const long = `app/${"folder/".repeat(25)}a.js`;
    expect(await inspect(windows, "lanspread-1", [...files, textFile(long, "")])).toEqual([
      `${long} is too long for Windows`,
    ]);
  });

  it("refuses imports that lead nowhere, but for those that the system does without", async () => {
    const files = await complete(windows);
    const main = `${MODULES}/lanspread/dist/main.js`;
    expect(await inspect(windows, "lanspread-1", without(files, `${MODULES}/zod/package.json`))).toEqual([
      `${main} imports zod, which is not in the archive`,
    ]);
    expect(
      await inspect(windows, "lanspread-1", without(files, `${MODULES}/lanspread/dist/other.js`)),
    ).toEqual([`${main} imports ./other.js, which is not in the archive`]);
    const text =
      'const koffi = await import("koffi");\nnew Worker(new URL("./thread.js", import.meta.url));\n';
    expect(await inspect(windows, "lanspread-1", await withBytes(files, main, Buffer.from(text)))).toEqual([
      `${main} imports ./thread.js, which is not in the archive`,
    ]);
  });
});
