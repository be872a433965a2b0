import { type GameId, gameIdSchema } from "@lanspread/proto";
import { combineExitCodes, EXIT } from "../exit-codes.ts";
import { CommandError, exitCodeForFailure, toFailure } from "../failure.ts";
import { withHint } from "../hints.ts";
import { withLink } from "../link/open-link.ts";
import type { PeerLink } from "../link/peer-link.ts";
import type { PeerFlags } from "../options.ts";
import { createPeerNames, type PeerNames } from "../report/peer-names.ts";
import type { ProgressView } from "../report/progress.ts";
import type { OperationOutcome, OperationVerb } from "../report/results.ts";
import type { CommandContext, CommandOutcome } from "../run-command.ts";
import { CANCEL_DEADLINE_MS, PARALLEL_OPERATIONS } from "./constants.ts";
import { createOperationTracker } from "./operation-tracker.ts";

export interface OperateOptions {
  readonly verb: OperationVerb;
  /** Named by the user. */
  readonly ids: readonly GameId[];
  /** Looks for those who have the games, where others are needed. */
  readonly lookAround?: (link: PeerLink) => Promise<void>;
  /** Asked before anything is done; false cancels all of it. */
  readonly proceed?: (link: PeerLink) => Promise<boolean>;
  /** What is to be done. Default: `verb` with each of `ids`. */
  readonly jobs?: (link: PeerLink) => Promise<readonly Job[]>;
}

/** One operation on one game. */
export interface Job {
  readonly gameId: GameId;
  /** Where something is downloaded: the operation ends with an install. */
  readonly install: boolean;
  /** Gives the command. Resolves when it is accepted, or with `up-to-date` where there is nothing to do. */
  readonly begin: (link: PeerLink) => Promise<"accepted" | "up-to-date">;
}

/** The ids as given by the user; throws a usage error that names the first wrong one. */
export function checkGameIds(ids: readonly string[]): GameId[] {
  return [...new Set(ids)].map((id) => {
    const parsed = gameIdSchema.safeParse(id);
    if (parsed.success) return parsed.data;
    throw new CommandError({
      code: "usage",
      message: `"${id}" is no game id`,
      hint: "`lanspread games` lists the ids: lower-case letters, digits, - and _.",
    });
  });
}

/** Runs one operation on several games, a few at a time, each with a progress line of its own. */
export function operateOnGames(
  context: CommandContext,
  flags: PeerFlags,
  options: OperateOptions,
): Promise<CommandOutcome> {
  return withLink(context, flags, async (link) => {
    await options.lookAround?.(link);
    if (options.proceed !== undefined && !(await options.proceed(link))) return nothingDone(options);
    const jobs = (await options.jobs?.(link)) ?? options.ids.map((gameId) => plainJob(options.verb, gameId));
    const names = createPeerNames();
    const leave = link.onEvent((event) => names.take(event));
    names.learn(await link.listPeers());
    const progress = context.reporter.openProgress("lines");
    const outcomes: OperationOutcome[] = [];
    const waiting = [...jobs];
    const work = async (): Promise<void> => {
      for (let job = waiting.shift(); job !== undefined; job = waiting.shift()) {
        const outcome = await operate(context, link, { progress, names }, job, options.verb);
        const { gameId: id } = job;
        outcomes.push(outcome);
        if (outcome.outcome === "failed") {
          progress.finish(id);
          context.reporter.failure(withHint(outcome.error), names.inText);
        } else {
          // What a single game has come to is in the result, at once.
          progress.finish(id, ...(jobs.length > 1 && !isUpToDate(outcome) ? [outcome.outcome] : []));
        }
        // The next one is taken up at once.
        progress.waiting(idsOf(waiting.slice(1)));
      }
    };
    progress.waiting(idsOf(waiting.slice(PARALLEL_OPERATIONS)));
    try {
      await Promise.all(Array.from({ length: PARALLEL_OPERATIONS }, work));
    } finally {
      progress.close();
      leave();
    }
    const order: readonly string[] = idsOf(jobs);
    outcomes.sort((a, b) => order.indexOf(a.gameId) - order.indexOf(b.gameId));
    return {
      exit: combineExitCodes(outcomes.map(exitCode)),
      result: { kind: "operations", verb: options.verb, outcomes, names },
    };
  });
}

function nothingDone({ verb, ids }: OperateOptions): CommandOutcome {
  const outcomes = ids.map((gameId): OperationOutcome => ({ gameId, outcome: "cancelled" }));
  return { exit: EXIT.cancelled, result: { kind: "operations", verb, outcomes, names: createPeerNames() } };
}

/**
 * One operation from the command to its end event. When the user asks to end, a peer of one's own is stopped, which keeps
 * what a download has fetched; at a running peer the operation is cancelled, since that peer goes on.
 */
async function operate(
  context: CommandContext,
  link: PeerLink,
  { progress, names }: { readonly progress: ProgressView; readonly names: PeerNames },
  { gameId, install, begin }: Job,
  verb: OperationVerb,
): Promise<OperationOutcome> {
  if (context.signal.aborted) return { gameId, outcome: "cancelled" };
  const tracker = createOperationTracker({ gameId, verb, install, nameOf: names.nameOf });
  const ended = Promise.withResolvers<OperationOutcome>();
  const leave = link.onEvent((event) => {
    const outcome = tracker.take(event, performance.now());
    if (tracker.progress !== undefined) progress.update(gameId, tracker.progress);
    if (outcome !== undefined) ended.resolve(outcome);
  });
  void link.closed.then((reason) =>
    ended.resolve({
      gameId,
      outcome: "failed",
      error: { code: "shutting-down", message: `${gameId}: ${reason}` },
    }),
  );
  let giveUp: NodeJS.Timeout | undefined;
  const cancel = (): void => {
    if (link.ownership === "own") void link.close();
    // Where nothing can be cancelled the peer says so; its own end then ends the operation.
    else link.cancel(gameId).catch(() => {});
    giveUp = setTimeout(() => ended.resolve({ gameId, outcome: "cancelled" }), CANCEL_DEADLINE_MS);
  };
  try {
    if ((await begin(link)) === "up-to-date") return { gameId, outcome: "done", upToDate: true };
    if (context.signal.aborted) cancel();
    else context.signal.addEventListener("abort", cancel, { once: true });
    const outcome = await ended.promise;
    if (!context.signal.aborted || outcome.outcome !== "failed") return outcome;
    if (outcome.error.code !== "shutting-down") return outcome;
    if (tracker.hasBegun) {
      const next = verb === "get" ? "the same command" : `\`lanspread get ${gameId}\``;
      context.reporter.notice(`${gameId}: what has come is kept; ${next} goes on from there`);
    }
    return { gameId, outcome: "cancelled" };
  } catch (error) {
    return { gameId, outcome: "failed", error: toFailure(error) };
  } finally {
    clearTimeout(giveUp);
    context.signal.removeEventListener("abort", cancel);
    leave();
  }
}

/** Commands of one operation each, that are named as the verb is. */
function plainJob(verb: OperationVerb, gameId: GameId): Job {
  if (verb === "get" || verb === "update") throw new Error(`${verb} says itself what is to be done`);
  return {
    gameId,
    install: verb === "install",
    begin: async (link) => {
      await link[verb](gameId);
      return "accepted";
    },
  };
}

function idsOf(jobs: readonly Job[]): GameId[] {
  return jobs.map(({ gameId }) => gameId);
}

/** Nothing was to be done. */
export function isUpToDate(outcome: OperationOutcome): boolean {
  return outcome.outcome === "done" && outcome.upToDate === true;
}

function exitCode(outcome: OperationOutcome): ReturnType<typeof exitCodeForFailure> {
  if (outcome.outcome === "done") return EXIT.done;
  return outcome.outcome === "cancelled" ? EXIT.cancelled : exitCodeForFailure(outcome.error);
}
