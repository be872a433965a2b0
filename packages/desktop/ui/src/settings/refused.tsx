import { useTexts } from "../app/context.ts";
import { explain, type Failure } from "../i18n/explain.ts";
import { isTextKey } from "../i18n/translate.ts";

export interface RefusedProps {
  /** Null where nothing is wrong. */
  readonly reason: Failure | null;
}

/** Why something is not done. In another language than English the page says it in its own words first, those of folders before others. */
export function Refused({ reason }: RefusedProps) {
  return (
    <div className="refused" role="alert">
      {reason !== null && <Reason reason={reason} />}
    </div>
  );
}

function Reason({ reason }: { readonly reason: Failure }) {
  const { language, t } = useTexts();
  const key = `refused.${reason.code}`;
  const ofFolders = language !== "en" && isTextKey(key) ? t(key) : null;
  const { what, detail, hint } = explain(reason, language, t);
  return (
    <>
      <p lang={ofFolders === null ? what.lang : undefined}>{ofFolders ?? sentence(what.text)}</p>
      {ofFolders === null && hint !== null && <small lang={hint.lang}>{hint.text}</small>}
      {detail !== null && <small lang={detail.lang}>{sentence(detail.text)}</small>}
    </>
  );
}

function sentence(text: string): string {
  return /^[a-z]/u.test(text) ? text.charAt(0).toUpperCase() + text.slice(1) : text;
}
