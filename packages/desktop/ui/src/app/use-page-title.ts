import { useEffect } from "react";

const APP = "lanspread";

/** What the window is called while this is shown: who cannot see the page, or has several windows, knows by it where one is. */
export function usePageTitle(name: string): void {
  useEffect(() => {
    document.title = `${name} – ${APP}`;
    return () => {
      document.title = APP;
    };
  }, [name]);
}
