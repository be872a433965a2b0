import "./logs.css";
import { useEffect, useState } from "react";
import type { LogName } from "../../../protocol/logs.ts";
import { useTexts } from "../app/context.ts";
import { usePageTitle } from "../app/use-page-title.ts";
import { copyRows } from "./copy-rows.ts";
import type { LogFilter } from "./filter.ts";
import { LogBar } from "./log-bar.tsx";
import { RowList } from "./row-list.tsx";
import { useLog, useShownRows } from "./use-log.ts";

/** Narrower than this, long lines are broken unless one wants it otherwise; as in the style sheet. */
const NARROW = "(max-width: 720px)";

/** Of what is unpacked each entry counts; the app says a lot that only its makers want to know. */
const AT_FIRST: Readonly<Record<LogName, LogFilter>> = {
  app: { level: "info", search: "", isPattern: false },
  unpack: { level: "debug", search: "", isPattern: false },
};

/** How the logs were looked at last: kept while one is elsewhere in the app. */
let filters = AT_FIRST;
let lastLog: LogName = "app";

/** What the app and its peer say, and what was unpacked. */
export function Logs() {
  const { t, language } = useTexts();
  usePageTitle(t("page.logs"));
  const [log, setLog] = useState(lastLog);
  const [filter, setFilter] = useState(filters[log]);
  const [isWrapped, setWrapped] = useState(() => matchMedia(NARROW).matches);
  const { rows, pausedAt, setPaused, arrived } = useLog(log);
  const shown = useShownRows(rows, filter);
  useEffect(() => {
    lastLog = log;
    filters = { ...filters, [log]: filter };
  }, [log, filter]);
  const isFiltered = filter.search !== "" && shown.problem === null;
  return (
    <main className="logs">
      <h1 className="only-read">{t("page.logs")}</h1>
      <LogBar
        log={log}
        onLog={(next) => {
          setLog(next);
          setFilter(filters[next]);
          setPaused(false);
        }}
        filter={filter}
        onFilter={setFilter}
        problem={shown.problem}
        isPaused={pausedAt !== null}
        onPause={setPaused}
        arrived={arrived}
        isWrapped={isWrapped}
        onWrap={setWrapped}
        onCopy={() => copyRows(shown.rows, t, language)}
      />
      {shown.rows.length > 0 ? (
        <RowList key={log} rows={shown.rows} isWrapped={isWrapped} label={t(`logs.${log}`)} />
      ) : (
        <p className="nothing">{t(isFiltered ? "logs.nothing-found" : `logs.${log}-empty`)}</p>
      )}
      <p className="only-read" role="status">
        {isFiltered ? t("logs.found", { count: shown.rows.length.toLocaleString(language) }) : ""}
      </p>
    </main>
  );
}
