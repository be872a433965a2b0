import { useSyncExternalStore } from "react";
import { nextFrame } from "../state/next-frame.ts";
import { createStore } from "../state/store.ts";
import { useTexts } from "./context.ts";

/** Notices that are shown at once: older ones give way. */
const MOST_SHOWN = 3;

/** Why something did not happen: code and hint of the runtime's errors. */
export interface Notice {
  readonly code: string;
  readonly message: string;
  readonly hint?: string | undefined;
}

const shown = createStore<readonly Notice[]>([], nextFrame);

/** Shows the user why something did not happen; once, however often it is said. */
export function notice({ code, message, hint }: Notice): void {
  const others = shown.get().filter((other) => other.code !== code || other.message !== message);
  shown.set([...others, { code, message, hint }].slice(-MOST_SHOWN));
}

export function Notices() {
  const { t } = useTexts();
  const notices = useSyncExternalStore(shown.subscribe, shown.get);
  return (
    <div className="notices" role="alert">
      {notices.map((one) => (
        <div className="notice" key={`${one.code} ${one.message}`}>
          <p>
            {one.message} <code>{one.code}</code>
            {one.hint !== undefined && <small>{one.hint}</small>}
          </p>
          <button type="button" onClick={() => shown.set(shown.get().filter((other) => other !== one))}>
            {t("error.dismiss")}
          </button>
        </div>
      ))}
    </div>
  );
}
