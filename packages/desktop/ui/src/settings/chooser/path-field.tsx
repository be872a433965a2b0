import { useId, useState } from "react";
import { useTexts } from "../../app/context.ts";

export interface PathFieldProps {
  readonly path: string;
  readonly onGo: (path: string) => void;
}

/** Where one is, and a way to anywhere else for who knows it. */
export function PathField({ path, onGo }: PathFieldProps) {
  const { t } = useTexts();
  const id = useId();
  const [draft, setDraft] = useState<{ readonly of: string; readonly text: string } | null>(null);
  // What was typed belongs to the folder that it was typed in.
  const text = draft?.of === path ? draft.text : path;
  return (
    <form
      className="inline"
      onSubmit={(event) => {
        event.preventDefault();
        onGo(text.trim());
      }}
    >
      <label htmlFor={id} className="only-read">
        {t("folder.path")}
      </label>
      <input
        id={id}
        type="text"
        className="path"
        autoComplete="off"
        spellCheck={false}
        // What is typed before the first folder is there would be lost with its coming.
        readOnly={path === ""}
        value={text}
        onChange={({ target }) => setDraft({ of: path, text: target.value })}
      />
      <button type="submit" disabled={text.trim() === path}>
        {t("folder.go")}
      </button>
    </form>
  );
}
