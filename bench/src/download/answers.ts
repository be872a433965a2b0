import { mkdir } from "node:fs/promises";
import type { Bar, Table } from "../bench.ts";
import { beside } from "../beside.ts";
import { Child } from "../child.ts";
import { median } from "../statistics.ts";
import { peerSettings } from "./bench-peer.ts";
import { ASK_INTERVAL_MS, BAR_ANSWER_MS } from "./constants.ts";
import type { Copies } from "./copies.ts";
import type { AnswersByQuestion, AskerIsTold, AskerSettings } from "./messages.ts";
import { percentile } from "./percentile.ts";
import type { Pair } from "./stand.ts";

const HOST = beside(import.meta.url, "./hosts/asker");

/** The share of answers that the bar is about. */
const SHARE = 0.99;

export interface AnswersOptions {
  readonly pair: Pair;
  /** A directory of the asker's own. */
  readonly directory: string;
  readonly downloads: number;
  readonly copies: Copies;
  readonly signal: AbortSignal;
}

/** How long the answers to each question took, ms, counted from the moment at which it was due. */
export type AnswerTimes = Readonly<Record<string, readonly number[]>>;

/** Asks both peers of a pair small questions from a third process, while one downloads from the other again and again. */
export async function measureAnswers(options: AnswersOptions): Promise<AnswerTimes> {
  const { pair, directory, downloads, copies, signal } = options;
  const { source, receiver, gameId } = pair;
  const { party, address } = source.settings;
  const asked = [
    { who: "source", peer: source },
    { who: "receiver", peer: receiver },
  ].map(({ who, peer }) => ({ who, stateDir: peer.settings.stateDir, addr: peer.addr }));
  const settings: AskerSettings = {
    self: peerSettings({ name: "asker", party, directory, lanes: 0, address }),
    asked,
    intervalMs: ASK_INTERVAL_MS,
  };
  await mkdir(settings.self.gamesDir, { recursive: true });
  await mkdir(settings.self.stateDir, { recursive: true, mode: 0o700 });
  await using asker = new Child({ module: HOST, settings, signal });
  await asker.says();
  const all: Record<string, number[]> = {};
  for (let i = 0; i < downloads; i++) {
    asker.tell("begin" satisfies AskerIsTold);
    await copies.makeRoomFor(receiver.rootOf(gameId));
    const { begunAt, endedAt } = await receiver.fetch(gameId, 1);
    asker.tell("end" satisfies AskerIsTold);
    for (const [what, answers] of Object.entries((await asker.says()) as AnswersByQuestion)) {
      const within = answers.filter(({ dueAt }) => begunAt <= dueAt && dueAt < endedAt);
      all[what] = [...(all[what] ?? []), ...within.map(({ ms }) => ms)];
    }
    await receiver.index(gameId);
  }
  return all;
}

export function answerTable(times: AnswerTimes, lanes: number): Table {
  return {
    title: `Small questions every ${ASK_INTERVAL_MS} ms while ${lanes} lanes on each side move a game over 127.0.0.1, ms`,
    columns: ["what", "answers", "median", "p99", "longest"],
    rows: Object.entries(times).map(([what, each]) => [
      what,
      String(each.length),
      median(each),
      percentile(each, SHARE),
      percentile(each, 1),
    ]),
  };
}

/** One for each question. */
export function answerBars(times: AnswerTimes): Bar[] {
  return Object.entries(times)
    .filter(([what]) => !what.startsWith("nothing"))
    .map(([what, each]) => ({
      what: `${what}: ms, p99`,
      measured: percentile(each, SHARE),
      atMost: BAR_ANSWER_MS,
    }));
}
