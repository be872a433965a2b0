import { type RefObject, useEffect, useRef } from "react";

/** `/` and Ctrl+F lead to the search, which is this field: the browser's own finds only what is in view. */
export function useSearchKeys(): RefObject<HTMLInputElement | null> {
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      const { target, key, ctrlKey, metaKey } = event;
      const isTyping =
        target instanceof HTMLTextAreaElement ||
        (target instanceof HTMLInputElement && target.type !== "radio");
      const isFind = (ctrlKey || metaKey) && key.toLowerCase() === "f";
      if (!isFind && (key !== "/" || isTyping)) return;
      event.preventDefault();
      field.current?.focus();
      field.current?.select();
    };
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  }, []);
  return field;
}
