import type { GameId, OperationKind } from "@lanspread/proto";
import { usePageState, useTexts } from "../app/context.ts";
import { formatBytes, formatDuration, formatPercent } from "../shared/format.ts";
import { phaseKey } from "./phase.ts";

export interface ProgressProps {
  readonly id: GameId;
  readonly operation: OperationKind;
}

/** How far an operation is: its phase, percent, rate, and how long it will take. */
export function Progress({ id, operation }: ProgressProps) {
  const { language, t } = useTexts();
  const progress = usePageState((state) => state.snapshot?.progress[id]);
  const phase = t(phaseKey(operation, progress?.phase));
  const share =
    progress === undefined || progress.totalBytes === 0 ? null : progress.doneBytes / progress.totalBytes;
  const percent = share === null ? "" : formatPercent(share);
  const details = [
    progress?.bytesPerSecond == null ? undefined : `${formatBytes(progress.bytesPerSecond, language)}/s`,
    progress?.etaSeconds == null
      ? undefined
      : t("progress.left", { time: formatDuration(progress.etaSeconds) }),
  ].filter((part) => part !== undefined);
  return (
    <div className="progress">
      <progress aria-label={phase} max={1} {...(share === null ? {} : { value: share })} />
      <p>
        <strong>
          <b>{phase}</b> {percent}
        </strong>{" "}
        <span>{details.join(" · ")}</span>
      </p>
    </div>
  );
}
