import { useEffect, useState } from "react";
import type { FolderListing } from "../../../protocol/folders.ts";
import { useApp, useTexts } from "../app/context.ts";
import { RefusedError } from "../connection/connection.ts";
import { formatBytes } from "../shared/format.ts";

/** How much room there is in a folder, and what is in the way of using it. */
export function FreeSpace({ path }: { readonly path: string }) {
  const { ask } = useApp();
  const { t, language } = useTexts();
  const [listing, setListing] = useState<FolderListing | null>(null);
  useEffect(() => {
    let isOver = false;
    const look = async (): Promise<void> => {
      try {
        const found = (await ask({ type: "list-folder", path })) as FolderListing;
        if (!isOver) setListing(found);
      } catch (error) {
        // What is wrong with the folder is said by the snapshot.
        if (!(error instanceof RefusedError)) throw error;
      }
    };
    void look();
    return () => {
      isOver = true;
    };
  }, [ask, path]);
  if (listing === null || listing.path !== path) return <p className="soft">&nbsp;</p>;
  const { freeBytes, problem } = listing;
  return (
    <p className="soft">
      {freeBytes !== null && t("settings.free", { bytes: formatBytes(freeBytes, language) })}
      {problem !== null && <span className="gone"> {t(`folder.${problem}`)}</span>}
    </p>
  );
}
