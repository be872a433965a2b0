import { formatBytes, formatDuration } from "lanspread";

/** One download, from its beginning to its end. */
export interface Round {
  readonly isUpdate: boolean;
  /** Where its receiver was killed. */
  readonly killedAt: readonly string[];
  /** Verified bytes that a later life of the receiver did not find again, as a part of the game. */
  readonly lostShare: number;
  /** What the sources read beyond the size of the game: sent twice, or on its way to a receiver that was killed. */
  readonly againBytes: number;
}

/** What came of a run in which all was well. */
export interface DownloadOutcome {
  readonly seed: number;
  readonly minutes: number;
  readonly kills: { readonly change: number; readonly time: number };
  readonly rounds: readonly Round[];
  /** How long a download took that nobody disturbed, ms. */
  readonly wholeMs: number;
}

/** One line about one download. @param kills of the whole run so far */
export function roundLine({ isUpdate, killedAt, lostShare, againBytes }: Round, kills: number): string {
  const what = isUpdate ? "update" : "download";
  return `${kills} kills; ${what} killed ${killedAt.join(", ") || "never"}: ${percent(lostShare)} lost, ${formatBytes(againBytes)} sent again`;
}

/** The summary of a run as lines of text. */
export function summaryLines({ seed, minutes, kills, rounds, wholeMs }: DownloadOutcome): string[] {
  const killed = rounds.filter(({ killedAt }) => killedAt.length > 0);
  const lost = killed.map(({ lostShare }) => lostShare);
  const again = killed.map(({ againBytes }) => againBytes);
  const updates = killed.filter(({ isUpdate }) => isUpdate).length;
  return [
    "",
    `seed ${seed}, ${formatDuration(minutes * 60)}; a whole download takes ${(wholeMs / 1_000).toFixed(1)} s`,
    `${kills.change + kills.time} kills: ${kills.change} at changes of the disk, ${kills.time} at any time`,
    `${killed.length} downloads that were killed, ${updates} of them updates; each one came to its end`,
    `verified and lost again: ${percent(mean(lost))} of a game on average, ${percent(Math.max(0, ...lost))} at most`,
    `sent again (on its way at a kill or asked of both near the end): ${formatBytes(mean(again))} a download on average, ${formatBytes(Math.max(0, ...again))} at most`,
    "Every byte was right, and nothing partial was offered.",
  ];
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
}
