import "./menu.css";
import { type KeyboardEvent, useEffect, useId, useRef, useState } from "react";
import type { TextKey } from "../i18n/texts.ts";
import { AboutDialog } from "./about-dialog.tsx";
import { useApp, useTexts } from "./context.ts";
import { underWay } from "./leaving.ts";
import { hasQuit } from "./own-window.ts";
import { QuitDialog } from "./quit-dialog.tsx";
import { hrefOf } from "./route.ts";

const ITEMS = ["open-window", "open-folder", "logs", "about", "quit"] as const;
type Item = (typeof ITEMS)[number];

const TEXTS: Readonly<Record<Item, TextKey>> = {
  "open-window": "menu.open-window",
  "open-folder": "menu.open-folder",
  logs: "page.logs",
  about: "menu.about",
  quit: "menu.quit",
};

/** What can be done with the app as a whole. */
export function Menu() {
  const { t } = useTexts();
  const { store, ask, tryTo } = useApp();
  const [isOpen, setOpen] = useState(false);
  const [dialog, setDialog] = useState<"about" | "quit" | null>(null);
  const box = useRef<HTMLDivElement>(null);
  const button = useRef<HTMLButtonElement>(null);
  const id = useId();
  useEffect(() => {
    if (!isOpen) return;
    itemsIn(box.current)[0]?.focus();
    const onPointer = ({ target }: PointerEvent): void => {
      if (target instanceof Node && box.current?.contains(target) !== true) setOpen(false);
    };
    addEventListener("pointerdown", onPointer);
    return () => removeEventListener("pointerdown", onPointer);
  }, [isOpen]);

  const quit = (): void => {
    if (!store.get().isConnected) {
      tryTo({ type: "quit" });
      return;
    }
    hasQuit.set(true);
    // It is gone before its answer where it is quick.
    ask({ type: "quit" }).catch(() => {});
  };
  const act = (item: Item): void => {
    setOpen(false);
    button.current?.focus();
    switch (item) {
      case "open-window":
        tryTo({ type: "open-window" });
        break;
      case "open-folder":
        tryTo({ type: "open-games-folder" });
        break;
      case "logs":
        location.hash = hrefOf({ page: "logs" });
        break;
      case "about":
        setDialog("about");
        break;
      case "quit": {
        const { snapshot } = store.get();
        if (snapshot !== null && underWay(snapshot) !== null) setDialog("quit");
        else quit();
      }
    }
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    if (!isOpen) return;
    const to = keyTarget(event.key, box.current);
    if (event.key === "Escape" || event.key === "Tab") {
      setOpen(false);
      if (event.key === "Escape") button.current?.focus();
    }
    if (event.key === "Escape" || to !== undefined) {
      event.preventDefault();
      event.stopPropagation();
    }
    to?.focus();
  };
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: it hears the keys of the buttons in it
    <div className="menu" ref={box} onKeyDown={onKeyDown}>
      <button
        ref={button}
        type="button"
        aria-haspopup="menu"
        aria-expanded={isOpen}
        aria-controls={isOpen ? id : undefined}
        aria-label={t("menu.label")}
        title={t("menu.label")}
        onClick={() => setOpen(!isOpen)}
      >
        <span aria-hidden="true">☰</span>
      </button>
      {isOpen && (
        <div role="menu" id={id} aria-label={t("menu.label")}>
          {ITEMS.map((item) => (
            <button key={item} type="button" role="menuitem" tabIndex={-1} onClick={() => act(item)}>
              {t(TEXTS[item])}
            </button>
          ))}
        </div>
      )}
      {dialog === "about" && <AboutDialog onClose={() => setDialog(null)} />}
      {dialog === "quit" && <QuitDialog onQuit={quit} onClose={() => setDialog(null)} />}
    </div>
  );
}

function itemsIn(menu: HTMLElement | null): readonly HTMLElement[] {
  return [...(menu?.querySelectorAll<HTMLElement>("[role=menuitem]") ?? [])];
}

/** Where a key leads in an open menu. */
function keyTarget(key: string, menu: HTMLElement | null): HTMLElement | undefined {
  const items = itemsIn(menu);
  const at = items.indexOf(document.activeElement as HTMLElement);
  switch (key) {
    case "ArrowDown":
      return items[(at + 1) % items.length];
    case "ArrowUp":
      return items.at(at <= 0 ? -1 : at - 1);
    case "Home":
      return items[0];
    case "End":
      return items.at(-1);
    default:
      return key.length === 1 ? nextByLetter(items, at, key.toLowerCase()) : undefined;
  }
}

/** The next item behind the one that is chosen whose text begins so. */
function nextByLetter(items: readonly HTMLElement[], at: number, letter: string): HTMLElement | undefined {
  const round = [...items.slice(at + 1), ...items.slice(0, at + 1)];
  return round.find(({ textContent }) => textContent.toLowerCase().startsWith(letter));
}
