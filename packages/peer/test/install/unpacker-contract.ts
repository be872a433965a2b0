import { describe } from "vitest";
import { cancelling } from "./contract/cancelling.ts";
import { damage } from "./contract/damage.ts";
import { goodArchives } from "./contract/good-archives.ts";
import { hostileEntries } from "./contract/hostile-entries.ts";
import { memory } from "./contract/memory.ts";
import { realArchives } from "./contract/real-archives.ts";
import { streaming } from "./contract/streaming.ts";
import { createContract, type UnpackerSubject } from "./contract/subject.ts";
import { volumes } from "./contract/volumes.ts";

export type { UnpackerSubject } from "./contract/subject.ts";

/**
 * What every unpacker promises, tested with one. Nearly every case unpacks to disk and streams, and the two must agree;
 * after each, no thread, child process or open file may be left.
 */
export function unpackerContract(subject: UnpackerSubject): void {
  const { title, unavailable } = subject;
  describe.skipIf(unavailable !== undefined)(
    `${title}${unavailable === undefined ? "" : ` (skipped: ${unavailable})`}`,
    () => {
      const contract = createContract(subject);
      goodArchives(contract);
      realArchives(contract);
      volumes(contract);
      hostileEntries(contract);
      damage(contract);
      cancelling(contract);
      streaming(contract);
      memory(contract);
    },
  );
}
