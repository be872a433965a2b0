import { WARM_UPS_SMALL_FILES } from "./constants.ts";
import type { FileFigures } from "./files.ts";
import type { Series } from "./transfer.ts";

/** Has peers that stand ready fetch before they are measured, so that their code is compiled. */
export async function warmUp(
  all: readonly Series[],
  { ready: { oneFile, smallFiles } }: FileFigures,
  progress: (text: string) => void,
): Promise<void> {
  for (const { label, run } of [...all, oneFile]) {
    progress(`warm-up: ${label}`);
    await run();
  }
  for (let times = 1; times <= WARM_UPS_SMALL_FILES; times++) {
    progress(`warm-up ${times} of ${WARM_UPS_SMALL_FILES}: ${smallFiles.label}`);
    await smallFiles.run();
  }
}
