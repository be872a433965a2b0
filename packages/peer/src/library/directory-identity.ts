import type { BigIntStats } from "node:fs";

/**
 * Tells a directory from another one at the same path. Device and inode are not enough: a directory that is made where one was
 * deleted gets the same inode at once, and the root of a drive has the number that the root of the last one had. So the moment
 * of its making counts too, where the file system knows it.
 */
export function directoryIdentity({ dev, ino, birthtimeNs }: BigIntStats): string {
  return `${dev}:${ino}:${birthtimeNs}`;
}
