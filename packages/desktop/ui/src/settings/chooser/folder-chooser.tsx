import "./chooser.css";
import { useEffect, useRef, useState } from "react";
import type { FolderListing } from "../../../../protocol/folders.ts";
import type { SettingsChange } from "../../../../protocol/settings.ts";
import { useTexts } from "../../app/context.ts";
import type { TextKey } from "../../i18n/texts.ts";
import { formatBytes } from "../../shared/format.ts";
import { Refused } from "../refused.tsx";
import { useChange } from "../use-change.ts";
import { FolderList } from "./folder-list.tsx";
import { NewFolder } from "./new-folder.tsx";
import { PathField } from "./path-field.tsx";
import { Places } from "./places.tsx";
import { useFolder } from "./use-folder.ts";

export interface FolderChooserProps {
  readonly title: TextKey;
  /** Where it begins; null is the home folder. */
  readonly start: string | null;
  /** What a folder is chosen as. A change that is refused is shown in the dialog, which stays. */
  readonly changeTo: (path: string) => SettingsChange;
  readonly onClose: () => void;
}

/** A dialog that goes through the folders of this computer, as the shell lists them. */
export function FolderChooser({ title, start, changeTo, onClose }: FolderChooserProps) {
  const { t } = useTexts();
  const dialog = useRef<HTMLDialogElement>(null);
  const { listing, refused, open, make } = useFolder(start);
  const [showsHidden, setShowsHidden] = useState(false);
  const { change, isBusy, refused: notTaken } = useChange();
  useEffect(() => {
    const element = dialog.current;
    element?.showModal();
    return () => element?.close();
  }, []);
  const choose = async (path: string): Promise<void> => {
    if (await change(changeTo(path))) dialog.current?.close();
  };
  return (
    <dialog ref={dialog} className="chooser form" aria-labelledby="chooser-title" onClose={onClose}>
      <h2 id="chooser-title">{t(title)}</h2>
      <PathField path={listing?.path ?? ""} onGo={(path) => void open(path)} />
      {listing !== null && (
        <>
          <Places listing={listing} onOpen={(path) => void open(path)} />
          <Entries
            key={listing.path}
            listing={listing}
            showsHidden={showsHidden}
            onOpen={(path) => void open(path)}
          />
          <Room listing={listing} />
        </>
      )}
      <Refused reason={notTaken ?? refused} />
      <div className="chooser-tools">
        <label>
          <input
            type="checkbox"
            checked={showsHidden}
            onChange={({ target }) => setShowsHidden(target.checked)}
          />
          {t("folder.hidden")}
        </label>
        <NewFolder onMake={make} />
      </div>
      <div className="chooser-end">
        <button type="button" onClick={() => dialog.current?.close()}>
          {t("folder.cancel")}
        </button>
        <button
          type="button"
          className="primary"
          disabled={listing === null || listing.problem === "unreadable" || isBusy}
          onClick={() => void (listing !== null && choose(listing.path))}
        >
          {isBusy ? t("settings.saving") : t("folder.use", { name: nameOf(listing?.path ?? "") })}
        </button>
      </div>
    </dialog>
  );
}

interface EntriesProps {
  readonly listing: FolderListing;
  readonly showsHidden: boolean;
  readonly onOpen: (path: string) => void;
}

/** Takes the focus when it appears: every folder that is opened is a new one. */
function Entries({ listing, showsHidden, onOpen }: EntriesProps) {
  const { t } = useTexts();
  const place = useRef<HTMLDivElement>(null);
  const { path, parent, isCut } = listing;
  const entries = showsHidden ? listing.entries : listing.entries.filter(({ isHidden }) => !isHidden);
  useEffect(() => {
    place.current?.querySelector<HTMLElement>("[role=listbox]")?.focus();
  }, []);
  return (
    <div className="entries" ref={place}>
      <FolderList
        label={t("folder.list", { path })}
        entries={entries}
        onOpen={({ name }) => onOpen(childOf(path, name))}
        onUp={parent === null ? null : () => onOpen(parent)}
      />
      {entries.length === 0 && <p className="soft nothing">{t("folder.none")}</p>}
      {isCut && <p className="soft">{t("folder.cut")}</p>}
    </div>
  );
}

/** What can be done in the folder that is shown. */
function Room({ listing: { freeBytes, problem } }: { readonly listing: FolderListing }) {
  const { t, language } = useTexts();
  return (
    <p className="room-left soft">
      <span>{freeBytes !== null && t("settings.free", { bytes: formatBytes(freeBytes, language) })}</span>
      <span className="keys">{t("folder.keys")}</span>
      {problem !== null && <span className="gone">{t(`folder.warn-${problem}`)}</span>}
    </p>
  );
}

/** As the system of the shell writes paths: it has told this one. */
function childOf(path: string, name: string): string {
  const separator = path.startsWith("/") ? "/" : "\\";
  return path.endsWith(separator) ? path + name : path + separator + name;
}

function nameOf(path: string): string {
  return path.split(/[\\/]/u).findLast((name) => name !== "") ?? path;
}
