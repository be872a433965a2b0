import { execFile } from "node:child_process";
import { chmod, mkdir, readdir, readFile, symlink, writeFile } from "node:fs/promises";
import { promisify } from "node:util";
import { temporaryDirectory } from "@lanspread/testkit";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { readJson } from "../../src/storage/index.ts";
import { asNobody } from "./as-nobody.ts";

const schema = z.strictObject({ format: z.literal(1), count: z.int() });

describe("readJson", () => {
  it("reads what fits its schema", async () => {
    await using dir = await temporaryDirectory();
    await writeFile(dir.join("a.json"), '{"format":1,"count":3}');
    expect(await readJson(dir.join("a.json"), schema)).toEqual({
      status: "ok",
      value: { format: 1, count: 3 },
    });
  });

  it("says that a file is missing", async () => {
    await using dir = await temporaryDirectory();
    expect(await readJson(dir.join("a.json"), schema)).toEqual({ status: "missing" });
  });

  it.each([
    ["half a file", '{"format":1,"cou'],
    ["an empty file", ""],
    ["another format", '{"format":2,"count":3}'],
    ["a field too many", '{"format":1,"count":3,"more":true}'],
    ["zeros, as a power cut leaves them", "\0\0\0\0"],
  ])("sets %s aside, once", async (_, text) => {
    await using dir = await temporaryDirectory();
    const path = dir.join("a.json");
    await writeFile(`${path}.damaged`, "an older one");
    await writeFile(path, text);
    expect(await readJson(path, schema)).toMatchObject({ status: "damaged", setAside: `${path}.damaged` });
    expect(await readdir(dir.path)).toEqual(["a.json.damaged"]);
    expect(await readFile(`${path}.damaged`, "utf8")).toBe(text);
    expect(await readJson(path, schema)).toEqual({ status: "missing" });
  });

  it("sets aside a directory that lies in the file's place", async () => {
    await using dir = await temporaryDirectory();
    await mkdir(dir.join("a.json", "child"), { recursive: true });
    expect(await readJson(dir.join("a.json"), schema)).toMatchObject({ status: "damaged" });
    expect(await readdir(dir.path)).toEqual(["a.json.damaged"]);
  });

  it.skipIf(process.platform === "win32")(
    "sets aside a pipe, for whose other end it does not wait",
    async () => {
      await using dir = await temporaryDirectory();
      await promisify(execFile)("mkfifo", [dir.join("a.json")]);
      expect(await readJson(dir.join("a.json"), schema)).toMatchObject({ status: "damaged" });
      expect(await readdir(dir.path)).toEqual(["a.json.damaged"]);
    },
  );

  it.skipIf(process.platform === "win32")("sets aside a link to a device, which has no end", async () => {
    await using dir = await temporaryDirectory();
    await symlink("/dev/zero", dir.join("a.json"));
    expect(await readJson(dir.join("a.json"), schema)).toMatchObject({ status: "damaged" });
    expect(await readdir(dir.path)).toEqual(["a.json.damaged"]);
  });

  it.skipIf(process.platform === "win32")("takes a file that may not be read for no damage", async () => {
    await using dir = await temporaryDirectory();
    await writeFile(dir.join("a.json"), '{"format":1,"count":3}');
    await chmod(dir.join("a.json"), 0);
    await chmod(dir.path, 0o755);
    await asNobody(async () => {
      await expect(readJson(dir.join("a.json"), schema)).rejects.toMatchObject({ code: "no-permission" });
    });
    expect(await readdir(dir.path)).toEqual(["a.json"]);
  });
});
