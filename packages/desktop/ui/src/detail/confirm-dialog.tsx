import { type ReactNode, type SyntheticEvent, useLayoutEffect, useRef } from "react";
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

/** Asks before something is deleted. Focus begins at the way out, and goes back to where it was. */
export function ConfirmDialog({ title, doIt, children, onConfirm, onClose }: ConfirmDialogProps) {
  const { t } = useTexts();
  const dialog = useRef<HTMLDialogElement>(null);
  useLayoutEffect(() => {
    if (dialog.current?.open === false) dialog.current.showModal();
  }, []);
  // The browser tells later that it is closed: by then the next question may be wanted, or the same one.
  const close = (event: SyntheticEvent): void => {
    event.preventDefault();
    dialog.current?.close();
    onClose();
  };
  const confirm = (event: SyntheticEvent): void => {
    close(event);
    onConfirm();
  };
  return (
    <dialog
      ref={dialog}
      className="confirm"
      aria-labelledby="confirm-title"
      onCancel={close}
      onClose={onClose}
    >
      <h2 id="confirm-title">{title}</h2>
      {children}
      <div className="answers">
        <button type="button" onClick={close}>
          {t("confirm.no")}
        </button>
        <button type="button" className="danger" onClick={confirm}>
          {doIt}
        </button>
      </div>
    </dialog>
  );
}
