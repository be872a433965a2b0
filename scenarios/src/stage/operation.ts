import { type Harness, type HarnessCommand, type HarnessEvent, isEvent } from "../harness-process.ts";
import { isEndEvent, operationsIn } from "../proofs/operations.ts";
import { OPERATION_DEADLINE_MS } from "./constants.ts";

/** One accepted command on a game, from its first event to its end. */
export class Operation {
  readonly gameId: string;
  readonly #harness: Harness;
  /** Position of the first event that may belong to it. */
  readonly #from: number;

  private constructor(harness: Harness, gameId: string, from: number) {
    this.#harness = harness;
    this.gameId = gameId;
    this.#from = from;
  }

  /** Sends the command; resolves when it is accepted. */
  static async begin(
    harness: Harness,
    command: HarnessCommand & { readonly game_id: string },
  ): Promise<Operation> {
    const from = harness.events.length;
    await harness.send(command);
    return new Operation(harness, command.game_id, from);
  }

  /** Everything that was told of the game since the command, and of operations and the library. */
  get events(): readonly HarnessEvent[] {
    return this.#harness.events
      .slice(this.#from)
      .filter(({ data }) => data["game_id"] === undefined || data["game_id"] === this.gameId);
  }

  /** The first event of this name about the game since the command. */
  told(event: string, deadlineMs = OPERATION_DEADLINE_MS): Promise<HarnessEvent> {
    return this.#harness.event(isEvent(event, { game_id: this.gameId }), { from: this.#from, deadlineMs });
  }

  /** The first event of an install that tells of bytes that have come. */
  progresses(deadlineMs = OPERATION_DEADLINE_MS): Promise<HarnessEvent> {
    const accepts = ({ event, data }: HarnessEvent): boolean =>
      event === "install-progress" && data["game_id"] === this.gameId && Number(data["done_bytes"]) > 0;
    const description = `progress of the install of ${this.gameId}`;
    return this.#harness.event(Object.assign(accepts, { description }), { from: this.#from, deadlineMs });
  }

  /** The event that ends the operation as a whole: nothing of the game runs behind it. */
  ended(deadlineMs = OPERATION_DEADLINE_MS): Promise<HarnessEvent> {
    let isBusy = true;
    const ends = (event: HarnessEvent): boolean => {
      const busy = operationsIn(event);
      if (busy !== undefined) isBusy = busy.has(this.gameId);
      return !isBusy && event.data["game_id"] === this.gameId && isEndEvent(event.event);
    };
    const description = `the end of the operation on ${this.gameId}`;
    return this.#harness.event(Object.assign(ends, { description }), { from: this.#from, deadlineMs });
  }

  /** Waits for the end, which has to be this event. */
  async endsWith(event: string, deadlineMs?: number): Promise<HarnessEvent> {
    const end = await this.ended(deadlineMs);
    if (end.event === event) return end;
    throw new Error(
      `${this.#harness.name}: ${this.gameId} should have ended with ${event}, not ${end.event} ${JSON.stringify(end.data)}`,
    );
  }

  /** Waits until that share of the download has come and is verified. @param share 0 to 1 */
  async reaches(share: number, deadlineMs = OPERATION_DEADLINE_MS): Promise<void> {
    let total = Number.POSITIVE_INFINITY;
    let done = 0;
    const isThere = (event: HarnessEvent): boolean => {
      if (event.data["game_id"] !== this.gameId) return false;
      if (event.event === "download-begin") total = Number(event.data["total_bytes"]);
      if (event.event === "download-chunk-finished") done += Number(event.data["length"]);
      if (event.event === "download-progress") done = Math.max(done, Number(event.data["done_bytes"]));
      return isEndEvent(event.event) || done >= total * share;
    };
    const description = `${share * 100} % of ${this.gameId}`;
    const seen = await this.#harness.event(Object.assign(isThere, { description }), {
      from: this.#from,
      deadlineMs,
    });
    if (isEndEvent(seen.event)) {
      throw new Error(
        `${this.gameId} ended before ${description}: ${seen.event} ${JSON.stringify(seen.data)}`,
      );
    }
  }
}
