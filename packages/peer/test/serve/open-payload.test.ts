import { mkdir, rename, rm, symlink, writeFile } from "node:fs/promises";
import type { ManifestFile } from "@lanspread/proto";
import { type TemporaryDirectory, temporaryDirectory } from "@lanspread/testkit";
import { describe, expect, it } from "vitest";
import { openPayload } from "../../src/serve/open-payload.ts";
import { directAccess, type FileAccess } from "../../src/storage/index.ts";
import { GGOO } from "./rig.ts";

const FILE = { path: "data/part/a.eti", size: 6 } as ManifestFile;

/** The same access, with its looks at paths counted, and something else done right before a file is opened. */
function watched(beforeOpen: () => Promise<void> = async () => {}) {
  const looks: string[] = [];
  let opened = 0;
  let closed = 0;
  const access: FileAccess = {
    ...directAccess,
    lstat: (path) => {
      looks.push(path);
      return directAccess.lstat(path);
    },
    open: async (path, flags) => {
      if (opened === 0) await beforeOpen();
      const file = await directAccess.open(path, flags);
      opened += 1;
      return {
        ...file,
        close: () => {
          closed += 1;
          return file.close();
        },
      };
    },
  };
  return { access, looks, left: () => opened - closed };
}

async function makeGame(): Promise<TemporaryDirectory> {
  const dir = await temporaryDirectory();
  await mkdir(dir.join("games", GGOO, "data/part"), { recursive: true });
  await mkdir(dir.join("elsewhere/part"), { recursive: true });
  await writeFile(dir.join("games", GGOO, "version.ini"), "20240101\n");
  await writeFile(dir.join("games", GGOO, FILE.path), "inside");
  await writeFile(dir.join("elsewhere/part/a.eti"), "secret");
  return dir;
}

async function contentOf(access: FileAccess, gamesDir: string): Promise<string> {
  await using payload = await openPayload(access, gamesDir, GGOO, FILE);
  const into = Buffer.alloc(FILE.size);
  await payload.read(into, 0);
  return into.toString();
}

describe("opening a file of a game", () => {
  it.skipIf(process.platform !== "linux")(
    "looks at no folder where the system tells that it is there",
    async () => {
      await using dir = await makeGame();
      const { access, looks, left } = watched();
      expect(await contentOf(access, dir.join("games"))).toBe("inside");
      expect(looks).toEqual([dir.join("games", GGOO, "version.ini")]);
      expect(left()).toBe(0);
    },
  );

  it.each<[string, (dir: TemporaryDirectory) => Promise<void>]>([
    [
      "a folder",
      async (dir) => {
        await rename(dir.join("games", GGOO, "data"), dir.join("before"));
        await symlink(dir.join("elsewhere"), dir.join("games", GGOO, "data"));
      },
    ],
    [
      "the file",
      async (dir) => {
        await rm(dir.join("games", GGOO, FILE.path));
        await symlink(dir.join("elsewhere/part/a.eti"), dir.join("games", GGOO, FILE.path));
      },
    ],
  ])("gives nothing of elsewhere where %s becomes a link at the last moment", async (_, swap) => {
    await using dir = await makeGame();
    const { access, left } = watched(() => swap(dir));
    await expect(contentOf(access, dir.join("games"))).rejects.toMatchObject({
      answer: { code: "forbidden_path" },
    });
    expect(left()).toBe(0);
  });

  it("gives nothing of a game whose root becomes a link at the last moment", async () => {
    await using dir = await makeGame();
    const { access, left } = watched(async () => {
      await rename(dir.join("games", GGOO), dir.join("before"));
      await symlink(dir.join("before"), dir.join("games", GGOO));
    });
    await expect(contentOf(access, dir.join("games"))).rejects.toMatchObject({
      answer: { code: "not_downloaded" },
    });
    expect(left()).toBe(0);
  });

  it("follows a link to the games directory, also when that leads elsewhere later", async () => {
    await using dir = await makeGame();
    await symlink(dir.join("games"), dir.join("link"));
    expect(await contentOf(directAccess, dir.join("link"))).toBe("inside");
    await rename(dir.join("games"), dir.join("moved"));
    await rm(dir.join("link"));
    await symlink(dir.join("moved"), dir.join("link"));
    const { access, looks, left } = watched();
    expect(await contentOf(access, dir.join("link"))).toBe("inside");
    expect(await contentOf(access, dir.join("link"))).toBe("inside");
    if (process.platform === "linux") expect(looks).toHaveLength(2);
    expect(left()).toBe(0);
  });

  it("looks at the way itself where the system does not tell", async () => {
    await using dir = await makeGame();
    const { access } = watched();
    const silent: FileAccess = {
      ...access,
      open: async (path, flags) => ({
        ...(await access.open(path, flags)),
        whereabouts: () => {
          throw new Error("there is no /proc");
        },
      }),
    };
    expect(await contentOf(silent, dir.join("games"))).toBe("inside");
  });
});
