import { type ReactNode, useEffect, useRef } from "react";
import { useTexts } from "../app/context.ts";

export interface ConfirmDialogProps {
  readonly title: string;
  /** What the button says that does it. */
  readonly doIt: string;
  readonly children: ReactNode;
  readonly onConfirm: () => void;
  /** However it ends. */
  readonly onClose: () => void;
}

/** Asks before something is deleted. Focus begins at the way out, and goes back to where it was. */
export function ConfirmDialog({ title, doIt, children, onConfirm, onClose }: ConfirmDialogProps) {
  const { t } = useTexts();
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const element = dialog.current;
    element?.showModal();
    return () => element?.close();
  }, []);
  return (
    <dialog ref={dialog} className="confirm" aria-labelledby="confirm-title" onClose={onClose}>
      <h2 id="confirm-title">{title}</h2>
      {children}
      <form method="dialog">
        <button type="submit" className="plain">
          {t("confirm.no")}
        </button>
        <button type="submit" className="danger" onClick={onConfirm}>
          {doIt}
        </button>
      </form>
    </dialog>
  );
}
