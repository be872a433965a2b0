import { renameSync, symlinkSync } from "node:fs";
import { link, mkdir, readdir, readFile, stat, writeFile } from "node:fs/promises";
import { temporaryDirectory } from "@lanspread/testkit";
import { describe, expect, it } from "vitest";
import { type FileToMake, makeFiles } from "../../src/download/make-files.ts";
import { directAccess, type FileAccess, pooledAccess } from "../../src/storage/index.ts";

function fresh(path: string, size: number): FileToMake {
  return { path, size, keeps: false, replaces: false };
}

async function identityOf(path: string): Promise<string> {
  const { dev, ino } = await stat(path, { bigint: true });
  return `${dev}:${ino}`;
}

describe.each([
  ["by the pool of threads", pooledAccess],
  ["by the own thread", directAccess],
])("making files %s", (_, access) => {
  it("gives them their size, and tells which they are and where names are new", async () => {
    await using dir = await temporaryDirectory();
    const files = [fresh("a", 5), fresh("x/y/b", 0), fresh("x/c", 70_000)];
    const { identities, made, changed, error } = await makeFiles(access, dir.path, files);
    expect(error).toBeNull();
    expect(made.toSorted()).toEqual([0, 1, 2]);
    expect(changed.toSorted()).toEqual([dir.path, dir.join("x"), dir.join("x", "y")].toSorted());
    for (const [place, { path, size }] of files.entries()) {
      expect((await stat(dir.join(path))).size).toBe(size);
      expect(identities[place]).toBe(await identityOf(dir.join(path)));
    }
  });

  it("keeps what is its own, goes on with what has no size yet, and says which was there", async () => {
    await using dir = await temporaryDirectory();
    await writeFile(dir.join("whole"), "12345");
    await writeFile(dir.join("empty"), "");
    const [whole, empty] = [await identityOf(dir.join("whole")), await identityOf(dir.join("empty"))];
    const files = ["whole", "empty", "none"].map((path) => ({ ...fresh(path, 5), keeps: true }));
    const { identities, made, error } = await makeFiles(access, dir.path, files);
    expect(error).toBeNull();
    expect(identities.slice(0, 2)).toEqual([whole, empty]);
    expect(made.toSorted()).toEqual([1, 2]);
    expect(await readFile(dir.join("whole"), "utf8")).toBe("12345");
    expect((await stat(dir.join("empty"))).size).toBe(5);
  });

  it("puts a new file in the place of the old version's", async () => {
    await using dir = await temporaryDirectory();
    await writeFile(dir.join("old"), "the old one");
    await link(dir.join("old"), dir.join("its second name"));
    const { made, error } = await makeFiles(access, dir.path, [{ ...fresh("old", 3), replaces: true }]);
    expect([made, error]).toEqual([[0], null]);
    expect(await readFile(dir.join("old"), "utf8")).toBe("\0\0\0");
    expect(await readFile(dir.join("its second name"), "utf8")).toBe("the old one");
  });

  it.each([
    ["a new file", fresh("mine", 4)],
    ["one that goes on, of another size", { ...fresh("mine", 9), keeps: true }],
  ])("leaves what is in the way of %s, and tells what it had made", async (_, file) => {
    await using dir = await temporaryDirectory();
    await writeFile(dir.join("mine"), "mine");
    const { made, identities, error } = await makeFiles(access, dir.path, [fresh("a", 1), file]);
    expect(error).toMatchObject({ code: "already-exists" });
    expect(made).toEqual([0]);
    expect(identities[1]).toBeNull();
    expect(await readFile(dir.join("mine"), "utf8")).toBe("mine");
  });

  it("refuses a folder that became a link while files were made in it", async () => {
    await using dir = await temporaryDirectory();
    await mkdir(dir.join("elsewhere"));
    await mkdir(dir.join("root"));
    const first = Promise.withResolvers<void>();
    const swapping: FileAccess = {
      ...access,
      open: async (path, flags, mode) => {
        if (path.endsWith("last")) {
          await first.promise;
          renameSync(dir.join("root", "data"), dir.join("aside"));
          symlinkSync(dir.join("elsewhere"), dir.join("root", "data"));
        }
        const file = await access.open(path, flags, mode);
        first.resolve();
        return file;
      },
    };
    const files = [fresh("data/first", 3), fresh("data/last", 3)];
    const { error } = await makeFiles(swapping, dir.join("root"), files);
    expect(error).toMatchObject({ code: "forbidden-path" });
  });

  it("makes nothing more behind a failure, nor when it is called off", async () => {
    await using dir = await temporaryDirectory();
    await writeFile(dir.join("mine"), "mine");
    const many = Array.from({ length: 50 }, (_, index) => fresh(`file-${index}`, 1));
    await makeFiles(access, dir.path, [fresh("mine", 4), ...many]);
    expect((await readdir(dir.path)).length).toBeLessThan(20);
    const calledOff = AbortSignal.abort(new Error("no longer wanted"));
    const { error, made } = await makeFiles(access, dir.path, [fresh("more", 1)], calledOff);
    expect([error, made]).toEqual([expect.objectContaining({ message: "no longer wanted" }), []]);
  });
});
