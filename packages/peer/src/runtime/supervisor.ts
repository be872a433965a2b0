import { setTimeout as delay } from "node:timers/promises";
import { toPeerError } from "../errors/index.ts";
import type { Logger } from "../logger.ts";

/** A part of the runtime that runs until its signal says so. */
export interface Service {
  readonly name: string;
  /** Resolves when the signal aborts; a rejection is a failure of the service. */
  run(signal: AbortSignal): Promise<void>;
}

export interface SuperviseOptions {
  readonly signal: AbortSignal;
  readonly logger: Logger;
  readonly restartDelayMs: number;
}

/**
 * Keeps a service running: one that fails, or ends too early, is started again after a rest. Resolves when the signal
 * has aborted and the service has ended; never rejects.
 */
export async function supervise(service: Service, options: SuperviseOptions): Promise<void> {
  const { signal, logger, restartDelayMs } = options;
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
    await pause(restartDelayMs, signal);
  }
}

/** Waits, or until the signal aborts; does not keep the process alive by itself. */
export async function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  await delay(milliseconds, undefined, { signal, ref: false }).catch(() => {});
}
