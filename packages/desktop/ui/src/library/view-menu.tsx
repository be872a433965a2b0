import { useId } from "react";
import { DENSITIES, type Density, SHAPES, type Shape } from "../../../protocol/library-view.ts";
import { useApp, useTexts } from "../app/context.ts";

export interface ViewMenuProps {
  readonly shape: Shape;
  readonly density: Density;
}

/** How cards look. What is chosen is kept by the shell: it is the same in every window, and at the next start. */
export function ViewMenu({ shape, density }: ViewMenuProps) {
  const { tryTo } = useApp();
  const { t } = useTexts();
  const id = useId();
  return (
    <div className="view-menu">
      <button type="button" popoverTarget={id}>
        <svg viewBox="0 0 16 16" aria-hidden="true">
          <rect x="1.5" y="1.5" width="5" height="7" rx="1" />
          <rect x="9.5" y="1.5" width="5" height="7" rx="1" />
          <path d="M1.5 12h5M9.5 12h5M1.5 14.5h3M9.5 14.5h3" />
        </svg>
        <span>{t("view.label")}</span>
      </button>
      <div id={id} popover="auto">
        <Choice
          legend={t("view.shape")}
          options={SHAPES.map((value) => ({ value, text: t(`view.${value}`) }))}
          chosen={shape}
          onChoose={(coverShape) => tryTo({ type: "change-settings", change: { coverShape } })}
        />
        <Choice
          legend={t("view.density")}
          options={DENSITIES.map((value) => ({ value, text: t(`view.${value}`) }))}
          chosen={density}
          onChoose={(value) => tryTo({ type: "change-settings", change: { density: value } })}
        />
      </div>
    </div>
  );
}

interface ChoiceProps<Value extends string> {
  readonly legend: string;
  readonly options: readonly { readonly value: Value; readonly text: string }[];
  readonly chosen: Value;
  readonly onChoose: (value: Value) => void;
}

function Choice<Value extends string>({ legend, options, chosen, onChoose }: ChoiceProps<Value>) {
  const name = useId();
  return (
    <fieldset className="choice">
      <legend>{legend}</legend>
      {options.map(({ value, text }) => (
        <label key={value}>
          <input
            type="radio"
            name={name}
            value={value}
            checked={value === chosen}
            onChange={() => onChoose(value)}
          />
          <span>{text}</span>
        </label>
      ))}
    </fieldset>
  );
}
