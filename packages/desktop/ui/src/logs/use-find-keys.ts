import { type RefObject, useEffect, useRef } from "react";

/** `/` and Ctrl+F lead to the search: the browser's own finds only what is in view. */
export function useFindKeys(): RefObject<HTMLInputElement | null> {
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      const isTyping = event.target instanceof HTMLInputElement;
      const isFind = (event.ctrlKey || event.metaKey) && event.key === "f";
      if (!isFind && (event.key !== "/" || isTyping)) return;
      event.preventDefault();
      field.current?.focus();
      field.current?.select();
    };
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  }, []);
  return field;
}
