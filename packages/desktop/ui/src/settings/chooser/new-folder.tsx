import { useState } from "react";
import { useTexts } from "../../app/context.ts";

export interface NewFolderProps {
  /** Resolves with whether it was made. */
  readonly onMake: (name: string) => Promise<boolean>;
}

/** Makes a folder in the one that is shown. */
export function NewFolder({ onMake }: NewFolderProps) {
  const { t } = useTexts();
  const [name, setName] = useState<string | null>(null);
  if (name === null) {
    return (
      <button type="button" onClick={() => setName("")}>
        {t("folder.new")}
      </button>
    );
  }
  const make = async (): Promise<void> => {
    if (await onMake(name)) setName(null);
  };
  return (
    <form
      className="inline"
      onSubmit={(event) => {
        event.preventDefault();
        if (name !== "") void make();
      }}
    >
      <input
        // Whoever asked for a new folder wants to type its name.
        ref={(field) => field?.focus()}
        type="text"
        autoComplete="off"
        spellCheck={false}
        aria-label={t("folder.new-name")}
        placeholder={t("folder.new-name")}
        value={name}
        onChange={({ target }) => setName(target.value)}
        onKeyDown={(event) => {
          if (event.key !== "Escape") return;
          // The dialog stays.
          event.preventDefault();
          event.stopPropagation();
          setName(null);
        }}
      />
      <button type="submit" disabled={name === ""}>
        {t("folder.make")}
      </button>
    </form>
  );
}
