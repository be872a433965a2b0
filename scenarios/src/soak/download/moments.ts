import type { Random } from "@lanspread/testkit";
import { GONE_FILE, LARGE_FILE, LATE_SMALL_FILE } from "./game.ts";

/** When the receiver is killed. */
export type Moment =
  /** By itself at a change of its disk: `before|after OPERATION NAME N`. See `die-at.ts`. */
  | { readonly kind: "change"; readonly at: string }
  /** From outside, after this share of the time that the rest of the download takes. */
  | { readonly kind: "time"; readonly share: number };

/**
 * Changes of the disk between which a download is in another state, each with how often it comes at least. Files are made, sized,
 * written and flushed in the threads of the lanes.
 */
const FIRST_DOWNLOAD: readonly (readonly [change: string, times: number])[] = [
  ["rename download.json", 1],
  ["rename pieces", 2],
  ["mkdir quake3", 1],
  [`create ${LARGE_FILE}`, 1],
  [`size ${LARGE_FILE}`, 1],
  ["create small.bin", 1],
  ["mkdir many", 1],
  [`create ${LATE_SMALL_FILE}`, 1],
  [`size ${LATE_SMALL_FILE}`, 1],
  [`write ${LATE_SMALL_FILE}`, 1],
  ["write pieces", 8],
  [`sync ${LARGE_FILE}`, 1],
  ["sync quake3", 6],
  ["rename version.ini", 1],
  ["remove pieces", 2],
  ["remove download.json", 2],
];

const UPDATE: readonly (readonly [change: string, times: number])[] = [
  ["rename download.json", 2],
  ["rename pieces", 2],
  ["rename .version.ini.discarded", 1],
  [`remove ${LARGE_FILE}`, 1],
  [`create ${LARGE_FILE}`, 1],
  [`size ${LARGE_FILE}`, 1],
  [`write ${LARGE_FILE}`, 2],
  ["write pieces", 8],
  [`sync ${LARGE_FILE}`, 1],
  [`remove ${GONE_FILE}`, 1],
  ["rename version.ini", 1],
  ["remove .version.ini.discarded", 1],
  ["remove pieces", 2],
  ["remove download.json", 2],
];

/** What is so in every download that goes on. */
const RESUMED: readonly (readonly [change: string, times: number])[] = [
  ["rename download.json", 1],
  ["write pieces", 5],
  ["rename pieces", 3],
  [`sync ${LARGE_FILE}`, 1],
  ["rename version.ini", 1],
  ["remove pieces", 1],
  ["remove download.json", 1],
];

const CHANGES = { download: FIRST_DOWNLOAD, update: UPDATE, resumed: RESUMED };

/** The changes at which a download is killed, each before and behind it: one after the other, again from the first at the end. */
export function* changes(random: Random, of: keyof typeof CHANGES): Generator<Moment, never> {
  for (;;) {
    for (const [change, times] of CHANGES[of]) {
      for (const when of ["before", "after"]) {
        yield { kind: "change", at: `${when} ${change} ${1 + Math.floor(random() * times)}` };
      }
    }
  }
}

/** Any moment of a download. */
export function anyTime(random: Random): Moment {
  return { kind: "time", share: random() };
}
