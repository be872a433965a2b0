import "./cover.css";
import { type CSSProperties, useState } from "react";
import { usePageState } from "../app/context.ts";
import { CoverPattern } from "./cover-pattern.tsx";
import { coverOf } from "./generated-cover.ts";

export interface CoverProps {
  readonly id: string;
  readonly name: string;
}

/** Games whose pictures could not be shown: they are not asked for each time that their cards come into sight. */
const broken = new Set<string>();

/** A game's picture: the catalog's, else one that is made from the id, so that it is the same everywhere and at once. */
export function Cover({ id, name }: CoverProps) {
  const hasPicture = usePageState((state) => state.snapshot?.facts[id as never]?.hasCover === true);
  const [isBroken, setBroken] = useState(() => broken.has(id));
  const fallBack = (): void => {
    broken.add(id);
    setBroken(true);
  };
  if (!hasPicture || isBroken) return <MadeCover id={id} name={name} />;
  return (
    <div className="cover">
      <img src={`/covers/${id}`} alt="" decoding="async" draggable={false} onError={fallBack} />
    </div>
  );
}

/** The name is written by the style sheet: who reads the page has it once, below the cover. */
function MadeCover({ id, name }: CoverProps) {
  const made = coverOf(id, name);
  const size = { "--name-size": made.nameSize } as CSSProperties;
  return (
    <div className="cover made" data-name={name} style={size} aria-hidden="true">
      <CoverPattern {...made} />
    </div>
  );
}
