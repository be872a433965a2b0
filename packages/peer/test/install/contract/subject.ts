import { type TemporaryDirectory, temporaryDirectory } from "@lanspread/testkit";
import { it } from "vitest";
import { watchLeftovers } from "./leftovers.ts";
import { makeUnpacker, type UnpackerFactory } from "./make-unpacker.ts";
import { createTrial, type Trial } from "./trial.ts";

export interface UnpackerSubject {
  readonly title: string;
  readonly factory: UnpackerFactory;
  /** Why it cannot be tested on this machine. */
  readonly unavailable?: string;
  /** What it cannot do, by titles of cases, each with the reason: these are skipped, and say so. */
  readonly except?: Readonly<Record<string, string>>;
}

/** A case gets a directory of its own and the unpacker. */
export type CaseBody = (place: TemporaryDirectory, trial: Trial) => Promise<void>;

export interface Contract {
  readonly factory: UnpackerFactory;
  /**
   * Defines a case. It fails as well where something is left open or running.
   *
   * @param unavailable why it cannot be tested on this machine.
   */
  it(title: string, body: CaseBody, unavailable?: string): void;
}

export function createContract({ factory, except = {} }: UnpackerSubject): Contract {
  return {
    factory,
    it(title, body, unavailable) {
      const reason = except[title] ?? unavailable;
      it.skipIf(reason !== undefined)(
        reason === undefined ? title : `${title} (skipped: ${reason})`,
        async () => {
          await using place = await temporaryDirectory();
          const leftovers = await watchLeftovers(place.path);
          await body(place, createTrial(place, await makeUnpacker(factory)));
          await leftovers.expectNone();
        },
      );
    },
  };
}
