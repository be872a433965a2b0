import { statfsSync, writeFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { type SmallDisk, seededBytes } from "@lanspread/testkit";

/** The file of somebody else who needs the disk too. */
const FILLING = "somebody-else";

/** Leaves so many bytes free, to a page. To be done once. */
export function fill(disk: SmallDisk, free: number): void {
  writeFileSync(disk.join(FILLING), seededBytes(1, freeOn(disk) - free), { flag: "wx" });
}

/** Somebody else gives back what {@link fill} took. */
export async function free(disk: SmallDisk): Promise<void> {
  await rm(disk.join(FILLING));
}

export function freeOn({ path }: SmallDisk): number {
  const { bavail, bsize } = statfsSync(path);
  return bavail * bsize;
}

/** Does something before a step. */
export function at<Step extends string>(step: Step, act: () => void) {
  return (done: Step, moment: string): void => {
    if (done === step && moment === "before") act();
  };
}
