import { useTexts } from "../app/context.ts";
import { isTextKey } from "../i18n/translate.ts";

export interface RefusedProps {
  /** Null where nothing is wrong. */
  readonly reason: {
    readonly code: string;
    readonly message: string;
    readonly hint?: string | undefined;
  } | null;
}

/** Why something is not done. What is wrong is told in English: in another language the page says it in its own words first. */
export function Refused({ reason }: RefusedProps) {
  const { language, t } = useTexts();
  const key = `refused.${reason?.code ?? ""}`;
  const own = language !== "en" && isTextKey(key) ? t(key) : null;
  return (
    <div className="refused" role="alert">
      {reason !== null && (
        <>
          <p>{own ?? sentence(reason.message)}</p>
          <small>{own === null ? reason.hint : sentence(reason.message)}</small>
        </>
      )}
    </div>
  );
}

function sentence(text: string): string {
  return /^[a-z]/u.test(text) ? text.charAt(0).toUpperCase() + text.slice(1) : text;
}
