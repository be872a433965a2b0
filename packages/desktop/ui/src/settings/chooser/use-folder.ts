import { useCallback, useEffect, useRef, useState } from "react";
import type { FolderListing } from "../../../../protocol/folders.ts";
import { useApp } from "../../app/context.ts";
import { RefusedError } from "../../connection/connection.ts";

export interface OpenFolder {
  /** Null before the first one is there. */
  readonly listing: FolderListing | null;
  /** Why the last one that was asked for is not shown. */
  readonly refused: RefusedError | null;
  /** Null is the home folder. */
  readonly open: (path: string | null) => Promise<void>;
  /** Makes a folder in the one that is shown, and opens it. Resolves with whether it did. */
  readonly make: (name: string) => Promise<boolean>;
}

/** A walk through the folders of this computer. Where the first one cannot be shown the home folder is, with the reason. */
export function useFolder(start: string | null): OpenFolder {
  const { ask } = useApp();
  const [listing, setListing] = useState<FolderListing | null>(null);
  const [refused, setRefused] = useState<RefusedError | null>(null);
  const last = useRef(0);

  /** Shows what was asked for last: answers may come in another order. */
  const show = useCallback(
    async (path: string | null): Promise<boolean> => {
      last.current += 1;
      const own = last.current;
      try {
        const found = (await ask({ type: "list-folder", path })) as FolderListing;
        if (own === last.current) setListing(found);
        return true;
      } catch (error) {
        if (!(error instanceof RefusedError)) throw error;
        if (own === last.current) setRefused(error);
        return false;
      }
    },
    [ask],
  );

  const open = useCallback(
    async (path: string | null): Promise<void> => {
      setRefused(null);
      await show(path);
    },
    [show],
  );

  const make = async (name: string): Promise<boolean> => {
    if (listing === null) return false;
    setRefused(null);
    try {
      const path = await ask({ type: "make-folder", parent: listing.path, name });
      return await show(String(path));
    } catch (error) {
      if (!(error instanceof RefusedError)) throw error;
      setRefused(error);
      return false;
    }
  };

  useEffect(() => {
    const begin = async (): Promise<void> => {
      if (!(await show(start))) await show(null);
    };
    void begin();
  }, [show, start]);

  return { listing, refused, open, make };
}
