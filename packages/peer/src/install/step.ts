import type { GameId } from "@lanspread/proto";
import type { Logger } from "../logger.ts";

/** A place between the steps of a transaction. */
export type StepMoment = "before" | "after";

/**
 * Called before and after each step of a transaction, and waited for. It is where a test can stop the process: recovery
 * has to cope with every one of these places.
 */
export type StepHook<Step extends string> = (step: Step, moment: StepMoment) => void | Promise<void>;

/** Runs a step between two calls of the hook. */
export type RunStep<Step extends string> = <T>(step: Step, work: () => Promise<T>) => Promise<T>;

export function createRunStep<Step extends string>(onStep: StepHook<Step> | undefined): RunStep<Step> {
  return async (step, work) => {
    await onStep?.(step, "before");
    const result = await work();
    await onStep?.(step, "after");
    return result;
  };
}

/** Work after the point of no return: it cannot fail the operation any more. Recovery does what could not be done. */
export async function tidy(logger: Logger, gameId: GameId, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    logger.warn("the operation succeeded, but not everything was cleaned up", { gameId, error });
  }
}
