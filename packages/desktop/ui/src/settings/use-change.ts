import { useRef, useState } from "react";
import type { SettingsChange } from "../../../protocol/settings.ts";
import { useApp } from "../app/context.ts";
import { RefusedError } from "../connection/connection.ts";

export interface Change {
  /** Asks for a change. Resolves with whether it was made; what is shown follows the next snapshot. */
  readonly change: (change: SettingsChange) => Promise<boolean>;
  readonly isBusy: boolean;
  /** Why the last change was refused. */
  readonly refused: RefusedError | null;
}

/** One setting's way to the shell. */
export function useChange(): Change {
  const { ask } = useApp();
  const [isBusy, setBusy] = useState(false);
  const [refused, setRefused] = useState<RefusedError | null>(null);
  const last = useRef(0);
  const change = async (asked: SettingsChange): Promise<boolean> => {
    last.current += 1;
    const own = last.current;
    setBusy(true);
    setRefused(null);
    try {
      await ask({ type: "change-settings", change: asked });
      return true;
    } catch (error) {
      if (!(error instanceof RefusedError)) throw error;
      if (own === last.current) setRefused(error);
      return false;
    } finally {
      if (own === last.current) setBusy(false);
    }
  };
  return { change, isBusy, refused };
}
