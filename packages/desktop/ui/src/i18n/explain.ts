import { adviceEn } from "./texts/advice.ts";
import { en } from "./texts.ts";
import { isTextKey, type Language, type Translate } from "./translate.ts";

/** Why something did not happen: code, message and hint of the runtime's errors, which are English. */
export interface Failure {
  readonly code: string;
  readonly message: string;
  readonly hint?: string | undefined;
}

/** A text, and whether it is in the language of the page. */
export interface Told {
  readonly text: string;
  /** Of the text, where that is not the page's. */
  readonly lang: "en" | undefined;
}

export interface Explanation {
  /** What is wrong. */
  readonly what: Told;
  /** What exactly: the peer's own words, which name files and people. Null where `what` says so already. */
  readonly detail: Told | null;
  /** What to do about it; null where nobody knows. */
  readonly hint: Told | null;
}

const NAMED = "what.";
const ADVISED = "do-about.";

/**
 * A failure in the language of the page. Only codes have words there: what is more special than they are stays English, and is
 * shown below what they mean.
 */
export function explain(failure: Failure, language: Language, t: Translate): Explanation {
  const { code, message, hint } = failure;
  const key = NAMED + code;
  const lang = language === "en" ? undefined : "en";
  const own = lang === undefined || !isTextKey(key) ? null : t(key);
  return {
    what: own === null ? { text: message, lang } : { text: own, lang: undefined },
    detail: own === null ? null : { text: message, lang },
    hint: hint === undefined ? null : (generalHint(code, hint, t) ?? { text: hint, lang }),
  };
}

/** What to do about every error of the code, where that is what the peer says, or what the shell advises. */
function generalHint(code: string, hint: string, t: Translate): Told | null {
  const key = ADVISED + code;
  if (isTextKey(key) && en[key] === hint) return { text: t(key), lang: undefined };
  const advice = Object.keys(adviceEn)
    .filter(isTextKey)
    .find((each) => en[each] === hint);
  return advice === undefined ? null : { text: t(advice), lang: undefined };
}
