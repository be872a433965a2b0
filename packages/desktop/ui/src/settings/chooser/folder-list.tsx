import { type KeyboardEvent, useEffect, useId, useRef, useState } from "react";
import type { FolderEntry } from "../../../../protocol/folders.ts";
import { useTexts } from "../../app/context.ts";

/** Letters typed within so long belong together, milliseconds. */
const TYPING_MS = 700;
/** How far Page Up and Page Down go. */
const PAGE = 8;

export interface FolderListProps {
  readonly label: string;
  readonly entries: readonly FolderEntry[];
  readonly onOpen: (entry: FolderEntry) => void;
  /** Null where there is nothing above. */
  readonly onUp: (() => void) | null;
}

/** Folders to go into. One stop for Tab; arrows, letters, Enter and Backspace do the rest. */
export function FolderList({ label, entries, onOpen, onUp }: FolderListProps) {
  const { t } = useTexts();
  const id = useId();
  const list = useRef<HTMLDivElement>(null);
  const [at, setAt] = useState(0);
  const typed = useRef({ text: "", time: 0 });

  useEffect(() => {
    list.current?.children[at]?.scrollIntoView({ block: "nearest" });
  }, [at]);

  const go = (to: number): void => setAt(Math.max(0, Math.min(entries.length - 1, to)));

  const findTyped = (key: string, time: number): void => {
    const isSame = time - typed.current.time < TYPING_MS;
    typed.current = { text: (isSame ? typed.current.text : "") + key.toLowerCase(), time };
    const found = entries.findIndex(({ name }) => name.toLowerCase().startsWith(typed.current.text));
    if (found >= 0) setAt(found);
  };

  const onKeyDown = (event: KeyboardEvent): void => {
    const { key, altKey, ctrlKey, metaKey, timeStamp } = event;
    if (altKey || ctrlKey || metaKey) return;
    const entry = entries[at];
    if (key === "ArrowDown") go(at + 1);
    else if (key === "ArrowUp") go(at - 1);
    else if (key === "PageDown") go(at + PAGE);
    else if (key === "PageUp") go(at - PAGE);
    else if (key === "Home") go(0);
    else if (key === "End") go(entries.length - 1);
    else if ((key === "Enter" || key === "ArrowRight") && entry !== undefined) onOpen(entry);
    else if (key === "Backspace" || key === "ArrowLeft") onUp?.();
    else if (key.length === 1) findTyped(key, timeStamp);
    else return;
    event.preventDefault();
  };

  return (
    <div
      ref={list}
      className="folder-list"
      role="listbox"
      aria-label={label}
      aria-activedescendant={entries.length === 0 ? undefined : `${id}-${at}`}
      tabIndex={0}
      onKeyDown={onKeyDown}
    >
      {entries.map((entry, index) => (
        // biome-ignore lint/a11y/useKeyWithClickEvents: the list takes the keys
        <div
          key={entry.name}
          id={`${id}-${index}`}
          role="option"
          tabIndex={-1}
          aria-selected={index === at}
          className={entry.isHidden ? "entry hidden" : "entry"}
          onClick={() => onOpen(entry)}
        >
          <svg viewBox="0 0 24 24" aria-hidden="true">
            <path d="M3 6.5A1.5 1.5 0 0 1 4.5 5h4.4l2 2.3h8.6A1.5 1.5 0 0 1 21 8.8v8.7a1.5 1.5 0 0 1-1.5 1.5h-15A1.5 1.5 0 0 1 3 17.5z" />
          </svg>
          <span className="entry-name" dir="auto">
            {entry.name}
          </span>
          {entry.isLink && <span className="mark">{t("folder.link")}</span>}
          {entry.problem !== null && <span className="mark bad">{t(`folder.${entry.problem}`)}</span>}
        </div>
      ))}
    </div>
  );
}
