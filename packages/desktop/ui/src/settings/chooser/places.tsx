import type { FolderListing } from "../../../../protocol/folders.ts";
import { useTexts } from "../../app/context.ts";

export interface PlacesProps {
  readonly listing: FolderListing;
  readonly onOpen: (path: string) => void;
}

/** Ways out of the folder that is shown. */
export function Places({ listing: { path, parent, places }, onOpen }: PlacesProps) {
  const { t } = useTexts();
  return (
    <nav className="places" aria-label={t("folder.places")}>
      <button type="button" disabled={parent === null} onClick={() => parent !== null && onOpen(parent)}>
        ↑ {t("folder.parent")}
      </button>
      {places.map((place) => (
        <button
          key={place.path}
          type="button"
          aria-current={place.path === path ? "location" : undefined}
          title={place.path}
          onClick={() => onOpen(place.path)}
        >
          {place.kind === "drive" ? place.name : t(`folder.${place.kind}`)}
        </button>
      ))}
    </nav>
  );
}
