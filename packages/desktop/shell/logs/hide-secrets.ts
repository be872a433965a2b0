const HIDDEN = "[hidden]";

/** Fields whose value nobody is to see, whatever it is. */
const SECRET_KEY = /^[\w-]*(?:cookie|authorization|password|passphrase|secret|token|session)$/iu;

const PRIVATE_KEY = /-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)/gu;

/** `token=…`, `"session": "…"`, `Cookie: …`: the name stays, so that one sees what was there. Begins at a word: others choose texts. */
const NAMED =
  /((?<![\w-])[\w-]*(?:cookie|authorization|password|passphrase|secret|token|session)["']?\s*[=:]\s*["']?(?:bearer\s+)?)[^\s"'&;,]+/giu;

/** A word as long as the door's secrets, in their characters: 256 bits as base64url. */
const LIKE_A_SECRET = /(?<![\w-])(?=[\w-]*\d)(?=[\w-]*[a-z])(?=[\w-]*[A-Z])[\w-]{43}(?![\w-])/gu;

/** Whether a field is told without its value. */
export function isSecretKey(key: string): boolean {
  return SECRET_KEY.test(key);
}

/** A text without what lets anybody in: a log is copied and shown to others. */
export function hideSecrets(text: string): string {
  return text.replace(PRIVATE_KEY, HIDDEN).replace(NAMED, `$1${HIDDEN}`).replace(LIKE_A_SECRET, HIDDEN);
}

/** What stands for the value of a secret field. */
export const HIDDEN_VALUE = HIDDEN;
