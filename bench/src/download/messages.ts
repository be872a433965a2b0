import type { Moment } from "../moment.ts";

/** What a peer of the bench is told at its start. */
export interface PeerSettings {
  readonly name: string;
  readonly party: string;
  readonly gamesDir: string;
  readonly stateDir: string;
  readonly lanes: number;
  /** The only address to use; null: whatever the network namespace has. */
  readonly address: string | null;
}

/** What a peer is told later. Each is answered once, by what stands beside it in {@link Answers}. */
export type PeerIsTold =
  /** Have these games ready, with their digests. */
  | { readonly kind: "index"; readonly games: readonly string[] }
  | { readonly kind: "meet"; readonly addr: string }
  /** Wait until so many sources have the game and the own disk has not, then fetch it. */
  | { readonly kind: "fetch"; readonly gameId: string; readonly sources: number }
  /** The same, and install it: of the archives that were fetched, or streamed without them. */
  | { readonly kind: "install"; readonly gameId: string; readonly how: HowToInstall }
  | { readonly kind: "sample" };

export type HowToInstall = "downloaded" | "streamed";

export interface Answers {
  readonly index: { readonly indexed: true };
  readonly meet: { readonly met: true };
  readonly fetch: Fetched;
  readonly install: Installed;
  readonly sample: Sample;
}

/** First line of a peer, and of whoever else listens. */
export interface Listening {
  readonly addr: string;
}

/** A finished download, as its receiver saw it. */
export interface Fetched {
  readonly bytes: number;
  /** `download-begin`, and the end event. */
  readonly begunAt: Moment;
  readonly endedAt: Moment;
  /** Millions of bytes per second in the middle of it; null where it had too few units. */
  readonly steadyMbPerS: number | null;
  readonly retried: number;
  /** Of all threads, from the command to the end event. */
  readonly cpuSeconds: number;
}

/** A finished install, as its receiver saw it. */
export interface Installed {
  /** Of what is installed. */
  readonly bytes: number;
  /** The command, and the end event. */
  readonly begunAt: Moment;
  readonly endedAt: Moment;
  /** Of all threads. */
  readonly cpuSeconds: number;
}

/** What was used since the start, by all threads. */
export interface Sample {
  readonly cpuSeconds: number;
  /** The most memory that was ever resident. */
  readonly peakRssBytes: number;
}

/** What the process that asks small questions is told at its start. */
export interface AskerSettings {
  readonly self: PeerSettings;
  readonly asked: readonly { readonly who: string; readonly stateDir: string; readonly addr: string }[];
  readonly intervalMs: number;
}

/** What it is told later: begin, and stop and say how long the answers took. */
export type AskerIsTold = "begin" | "end";

/** An answer: when its question was due, and how long it took from then on, ms. */
export interface Answered {
  readonly dueAt: Moment;
  readonly ms: number;
}

/** The answers to each question, by what was asked of whom. */
export type AnswersByQuestion = Readonly<Record<string, readonly Answered[]>>;

/** What the HTTP server is told. */
export interface FileServerSettings {
  readonly host: string;
  readonly file: string;
}
