import { symlink, writeFile } from "node:fs/promises";
import { openCatalog, silentLogger } from "@lanspread/peer";
import { type TemporaryDirectory, temporaryDirectory } from "@lanspread/testkit";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { MAX_COVER_BYTES } from "../../shell/covers/constants.ts";
import { Covers } from "../../shell/covers/covers.ts";
import { pictureTypeOf } from "../../shell/covers/picture-type.ts";
import { ask, createRig, enter } from "../support.ts";

const text = (value: string): Buffer => Buffer.from(value, "latin1");
const PNG = text("\x89PNG\r\n\x1a\n picture");
const AVIF = text("\0\0\0\x1cftypmif1\0\0\0\0mif1avifmiaf");

describe("the type of a picture", () => {
  it.each([
    ["image/png", PNG],
    ["image/jpeg", text("\xff\xd8\xff\xe0 picture")],
    ["image/gif", text("GIF89a picture")],
    ["image/webp", text("RIFF\0\0\0\0WEBPVP8 ")],
    ["image/avif", text("\0\0\0\x1cftypavif\0\0\0\0avifmif1miaf")],
    ["image/avif", AVIF],
  ])("%s is told by its first bytes", (type, bytes) => {
    expect(pictureTypeOf(bytes)).toBe(type);
  });

  it.each([
    ["SVG", text('<svg xmlns="http://www.w3.org/2000/svg"/>')],
    ["HTML", text("<!doctype html>")],
    ["nothing", text("")],
    ["half a signature", text("\x89PNG")],
    ["a sound", text("RIFF\0\0\0\0WAVEfmt ")],
    ["a film", text("\0\0\0\x18ftypmp42\0\0\0\0mp42isom")],
    ["a box that is shorter than it says", text("\xff\xff\xff\xffftypmif1")],
    ["brands behind the box", text("\0\0\0\x10ftypmif1\0\0\0\0avif")],
  ])("%s has none", (_, bytes) => {
    expect(pictureTypeOf(bytes)).toBe(null);
  });
});

describe("covers of the catalog", () => {
  let dir: TemporaryDirectory;

  beforeEach(async () => {
    dir = await temporaryDirectory();
  });
  afterEach(() => dir[Symbol.asyncDispose]());

  async function coverOf(thumbnail: string, directory = "."): Promise<string | null> {
    const file = dir.join(directory, "catalog.json");
    const games = [{ id: "quake", name: "Quake", thumbnail }];
    await writeFile(file, JSON.stringify({ format: 1, name: "test", games }));
    const covers = Covers.of(file, (await openCatalog(file)).entries(), silentLogger);
    return (await covers.read("/covers/quake"))?.type ?? null;
  }

  it("are files beside the catalog", async () => {
    await writeFile(dir.join("quake.txt"), PNG);
    expect(await coverOf("quake.txt")).toBe("image/png");
    await symlink("quake.txt", dir.join("link"));
    expect(await coverOf("link")).toBe("image/png");
  });

  it("are nothing that lies elsewhere, is no file, no picture or too large", async () => {
    await using elsewhere = await temporaryDirectory();
    await writeFile(elsewhere.join("secret.png"), PNG);
    await symlink(elsewhere.join("secret.png"), dir.join("out.png"));
    await symlink(elsewhere.path, dir.join("folder"));
    await symlink("/dev/zero", dir.join("endless.png"));
    await symlink("self.png", dir.join("self.png"));
    await writeFile(dir.join("a.svg"), "<svg/>");
    await writeFile(dir.join("large.png"), Buffer.concat([PNG, Buffer.alloc(MAX_COVER_BYTES)]));
    const refused = [
      "out.png",
      "folder/secret.png",
      "endless.png",
      "self.png",
      "a.svg",
      "large.png",
      "none.png",
    ];
    for (const thumbnail of refused) expect([thumbnail, await coverOf(thumbnail)]).toEqual([thumbnail, null]);
  });

  it("are not those of a directory whose name begins alike", async () => {
    await using beside = await temporaryDirectory(`${dir.path.slice(dir.path.lastIndexOf("/") + 1)}-more`);
    await writeFile(beside.join("a.png"), PNG);
    await symlink(beside.join("a.png"), dir.join("a.png"));
    expect(await coverOf("a.png")).toBe(null);
  });
});

describe("the address of a cover", () => {
  it("gives the picture to the page alone, by the game's id, and tells when it is still the same", async () => {
    await using rig = await createRig();
    const games = [
      { id: "quake", name: "Quake", thumbnail: "pictures.png" },
      { id: "broken", name: "Broken", thumbnail: "none.png" },
      { id: "bare", name: "Bare" },
    ];
    await writeFile(rig.dir.join("catalog.json"), JSON.stringify({ format: 1, name: "test", games }));
    await writeFile(rig.dir.join("pictures.png"), PNG);
    const desktop = await rig.start({ catalog: rig.dir.join("catalog.json") });
    const { origin, cookie } = await enter(desktop.openAddress());
    const answer = await ask(`${origin}/covers/quake`, { cookie });
    expect(answer).toMatchObject({
      status: 200,
      headers: {
        "content-type": "image/png",
        "cache-control": "private, max-age=300",
        "x-content-type-options": "nosniff",
        "content-security-policy": expect.stringContaining("img-src 'self'"),
      },
    });
    expect(answer.body).toContain("picture");
    const etag = String(answer.headers["etag"]);
    expect(await ask(`${origin}/covers/quake`, { cookie, "if-none-match": etag })).toMatchObject({
      status: 304,
      body: "",
    });
    expect((await ask(`${origin}/covers/quake`)).status).toBe(401);
    const nothing = ["broken", "bare", "", "__proto__", "quake/", "../catalog.json", "%2e%2e/pictures.png"];
    for (const name of nothing) {
      expect([name, (await ask(`${origin}/covers/${name}`, { cookie })).status]).toEqual([name, 404]);
    }
  });
});
