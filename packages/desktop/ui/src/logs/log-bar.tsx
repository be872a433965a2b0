import { useId, useState } from "react";
import type { LogName } from "../../../protocol/logs.ts";
import { useTexts } from "../app/context.ts";
import { useSearchKeys } from "../shared/use-search-keys.ts";
import { LEVELS, type Level, type LogFilter, MAX_SEARCH } from "./filter.ts";
import type { Shown } from "./shown-rows.ts";

const LOGS: readonly LogName[] = ["app", "unpack"];

export interface LogBarProps {
  readonly log: LogName;
  readonly onLog: (log: LogName) => void;
  readonly filter: LogFilter;
  readonly onFilter: (filter: LogFilter) => void;
  readonly problem: Shown["problem"];
  readonly isPaused: boolean;
  readonly onPause: (isPaused: boolean) => void;
  /** Lines that have come since it was paused. */
  readonly arrived: number;
  readonly isWrapped: boolean;
  readonly onWrap: (isWrapped: boolean) => void;
  /** Resolves with whether it worked. */
  readonly onCopy: () => Promise<boolean>;
}

/** Which log is shown, what of it, and how. */
export function LogBar(props: LogBarProps) {
  const { log, onLog, filter, onFilter, problem, isPaused, onPause, arrived, isWrapped, onWrap } = props;
  const { t, language } = useTexts();
  const search = useSearchKeys();
  const problemId = useId();
  return (
    <div className="log-bar">
      <fieldset className="pills" aria-label={t("logs.which")}>
        {LOGS.map((name) => (
          <button key={name} type="button" aria-pressed={name === log} onClick={() => onLog(name)}>
            {t(`logs.${name}`)}
          </button>
        ))}
      </fieldset>
      <select
        aria-label={t("logs.level")}
        value={filter.level}
        onChange={({ target }) => onFilter({ ...filter, level: target.value as Level })}
      >
        {LEVELS.map((level) => (
          <option key={level} value={level}>
            {t(`logs.from-${level}`)}
          </option>
        ))}
      </select>
      <div className="log-search">
        <input
          ref={search}
          type="search"
          maxLength={MAX_SEARCH}
          spellCheck={false}
          aria-label={t("logs.search")}
          placeholder={t("logs.search")}
          aria-invalid={problem !== null}
          aria-describedby={problem === null ? undefined : problemId}
          value={filter.search}
          onChange={({ target }) => onFilter({ ...filter, search: target.value })}
        />
        <button
          type="button"
          aria-pressed={filter.isPattern}
          aria-label={t("logs.pattern")}
          title={t("logs.pattern")}
          onClick={() => onFilter({ ...filter, isPattern: !filter.isPattern })}
        >
          .*
        </button>
      </div>
      <div className="log-actions">
        <button type="button" aria-pressed={isWrapped} onClick={() => onWrap(!isWrapped)}>
          {t("logs.wrap")}
        </button>
        <button type="button" aria-pressed={isPaused} onClick={() => onPause(!isPaused)}>
          {isPaused ? t("logs.go-on", { count: arrived.toLocaleString(language) }) : t("logs.pause")}
        </button>
        <CopyButton onCopy={props.onCopy} />
      </div>
      {problem !== null && (
        <p className="problem" role="alert" id={problemId}>
          {problem.kind === "wrong" ? t("logs.wrong-pattern", { why: problem.why }) : t("logs.slow-pattern")}
        </p>
      )}
    </div>
  );
}

/** For so long the button says what became of it, milliseconds. */
const SAID_MS = 2_000;

function CopyButton({ onCopy }: Pick<LogBarProps, "onCopy">) {
  const { t } = useTexts();
  const [said, setSaid] = useState<"logs.copied" | "logs.not-copied" | null>(null);
  const copy = async (): Promise<void> => {
    setSaid((await onCopy()) ? "logs.copied" : "logs.not-copied");
    setTimeout(() => setSaid(null), SAID_MS);
  };
  return (
    <button type="button" aria-live="polite" onClick={() => void copy()}>
      {t(said ?? "logs.copy")}
    </button>
  );
}
