import { type ReactNode, useEffect, useId, useRef } from "react";

export interface ModalProps {
  readonly title: string;
  readonly children: ReactNode;
  /** However it ends. */
  readonly onClose: () => void;
}

/** A dialog before everything else. Focus goes back to where it was. */
export function Modal({ title, children, onClose }: ModalProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  const id = useId();
  useEffect(() => {
    const element = dialog.current;
    element?.showModal();
    return () => element?.close();
  }, []);
  return (
    <dialog
      ref={dialog}
      className="app-dialog"
      aria-labelledby={id}
      onClose={onClose}
      onKeyDown={(event) => event.stopPropagation()}
    >
      <h2 id={id}>{title}</h2>
      {children}
    </dialog>
  );
}
