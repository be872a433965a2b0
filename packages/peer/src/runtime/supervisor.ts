import { toPeerError } from "../errors/index.ts";
import type { Logger } from "../logger.ts";
import type { Clock } from "../peers/index.ts";

/** A part of the runtime that runs until its signal says so. */
export interface Service {
  readonly name: string;
  /** Resolves when the signal aborts; a rejection is a failure of the service. */
  run(signal: AbortSignal): Promise<void>;
}

export interface SuperviseOptions {
  readonly signal: AbortSignal;
  readonly logger: Logger;
  readonly clock: Clock;
  readonly restartDelayMs: number;
}

/**
 * Keeps a service running: one that fails, or ends too early, is started again after a rest. Resolves when the signal
 * has aborted and the service has ended; never rejects.
 */
export async function supervise(service: Service, options: SuperviseOptions): Promise<void> {
  const { signal, logger, clock, restartDelayMs } = options;
  while (!signal.aborted) {
    try {
      await service.run(signal);
      if (signal.aborted) return;
      logger.warn(`${service.name} ended, and is started again`, { restartDelayMs });
    } catch (error) {
      if (signal.aborted) return;
      const { code, message } = toPeerError(error);
      logger.warn(`${service.name} failed, and is started again`, { code, message, restartDelayMs });
    }
    await pause(restartDelayMs, { clock, signal });
  }
}

/** Waits, or until the signal aborts. */
export async function pause(
  milliseconds: number,
  { clock, signal }: { readonly clock: Clock; readonly signal: AbortSignal },
): Promise<void> {
  if (signal.aborted) return;
  const { promise, resolve } = Promise.withResolvers<void>();
  const end = (): void => resolve();
  const timer = clock.setTimeout(end, milliseconds);
  signal.addEventListener("abort", end, { once: true });
  await promise;
  clock.clearTimeout(timer);
  signal.removeEventListener("abort", end);
}
