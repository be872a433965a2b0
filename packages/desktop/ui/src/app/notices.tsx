import { useSyncExternalStore } from "react";
import type { RefusedError } from "../connection/connection.ts";
import { nextFrame } from "../state/next-frame.ts";
import { createStore } from "../state/store.ts";
import { useTexts } from "./context.ts";

/** Refusals that are shown at once: older ones give way. */
const MOST_SHOWN = 3;

const shown = createStore<readonly RefusedError[]>([], nextFrame);

/** Shows the user why something did not happen. */
export function notice(error: RefusedError): void {
  shown.set([...shown.get(), error].slice(-MOST_SHOWN));
}

export function Notices() {
  const { t } = useTexts();
  const errors = useSyncExternalStore(shown.subscribe, shown.get);
  return (
    <div className="notices" role="alert">
      {errors.map((error) => (
        <div className="notice" key={`${error.code} ${error.message}`}>
          <p>
            {error.message}
            {error.hint !== undefined && <small>{error.hint}</small>}
          </p>
          <button type="button" onClick={() => shown.set(shown.get().filter((other) => other !== error))}>
            {t("error.dismiss")}
          </button>
        </div>
      ))}
    </div>
  );
}
