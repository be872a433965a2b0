import { mkdir, open, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { type Rar5Entry, seededChunks, type WriteRar5Options, writeRar5 } from "@lanspread/testkit";

export interface GameContent {
  /** Entries of its one archive, `<id>.eti`. */
  readonly entries?: readonly Rar5Entry[];
  readonly archive?: WriteRar5Options;
  /** Sizes of plain files by path; their bytes follow from the path's place in the list. */
  readonly files?: Readonly<Record<string, number>>;
  readonly version?: string;
}

/** Makes a downloaded game; returns its folder. */
export async function makeGame(gamesDir: string, id: string, content: GameContent): Promise<string> {
  const root = join(gamesDir, id);
  await mkdir(root);
  for (const [index, [path, size]] of Object.entries(content.files ?? {}).entries()) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await using file = await open(join(root, path), "wx");
    for (const chunk of seededChunks(index, size)) await file.write(chunk);
  }
  if (content.entries !== undefined)
    await writeRar5(join(root, `${id}.eti`), content.entries, content.archive);
  await writeFile(join(root, "version.ini"), `${content.version ?? "20240101"}\n`);
  return root;
}
