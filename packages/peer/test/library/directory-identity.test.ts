import { mkdir, stat, utimes, writeFile } from "node:fs/promises";
import { temporaryDirectory } from "@lanspread/testkit";
import { describe, expect, it } from "vitest";
import { directoryIdentity } from "../../src/library/directory-identity.ts";

describe("a directory", () => {
  it("is told from another one that has got its inode, as the root of a drive has that of the last one", async () => {
    await using dir = await temporaryDirectory();
    const stats = await stat(dir.path, { bigint: true });
    const other = Object.assign(Object.create(stats), { birthtimeNs: stats.birthtimeNs + 1n });
    expect(directoryIdentity(other)).not.toBe(directoryIdentity(stats));
    for (const field of ["dev", "ino"] as const) {
      const elsewhere = Object.assign(Object.create(stats), { [field]: stats[field] + 1n });
      expect(directoryIdentity(elsewhere)).not.toBe(directoryIdentity(stats));
    }
  });

  it("stays the same whatever happens in it", async () => {
    await using dir = await temporaryDirectory();
    const identity = async (): Promise<string> => directoryIdentity(await stat(dir.path, { bigint: true }));
    const before = await identity();
    await mkdir(dir.join("ggoo"));
    await writeFile(dir.join("file"), "x");
    await utimes(dir.path, 1, 1);
    expect(await identity()).toBe(before);
  });
});
