import { type ReactNode, useLayoutEffect, useRef } from "react";
import { useTexts } from "../app/context.ts";

export interface ConfirmDialogProps {
  readonly title: string;
  /** What the button says that does it. */
  readonly doIt: string;
  readonly children: ReactNode;
  /** Called when it is closed, and has given the focus back. */
  readonly onConfirm: () => void;
  /** However it ends. */
  readonly onClose: () => void;
}

/** What the dialog is closed with by the button that does it. */
const CONFIRMED = "confirmed";

/** Asks before something is deleted. Focus begins at the way out, and goes back to where it was. */
export function ConfirmDialog({ title, doIt, children, onConfirm, onClose }: ConfirmDialogProps) {
  const { t } = useTexts();
  const dialog = useRef<HTMLDialogElement>(null);
  useLayoutEffect(() => {
    if (dialog.current?.open === false) dialog.current.showModal();
  }, []);
  const closed = (): void => {
    onClose();
    if (dialog.current?.returnValue === CONFIRMED) onConfirm();
  };
  return (
    <dialog ref={dialog} className="confirm" aria-labelledby="confirm-title" onClose={closed}>
      <h2 id="confirm-title">{title}</h2>
      {children}
      <form method="dialog">
        <button type="submit" className="plain">
          {t("confirm.no")}
        </button>
        <button type="submit" className="danger" value={CONFIRMED}>
          {doIt}
        </button>
      </form>
    </dialog>
  );
}
