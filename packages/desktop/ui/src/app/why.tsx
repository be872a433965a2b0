import { explain, type Failure } from "../i18n/explain.ts";
import { useTexts } from "./context.ts";

/** Why something did not happen, and what to do about it. */
export function Why({ failure }: { readonly failure: Failure }) {
  const { language, t } = useTexts();
  const { what, detail, hint } = explain(failure, language, t);
  return (
    <p>
      <span lang={what.lang}>{what.text}</span> <code className="why-code">{failure.code}</code>
      {hint !== null && <small lang={hint.lang}>{hint.text}</small>}
      {detail !== null && <small lang={detail.lang}>{detail.text}</small>}
    </p>
  );
}
