import { coverOf } from "./generated-cover.ts";

export interface CoverProps {
  readonly id: string;
  readonly name: string;
}

/** A game's picture: made from its id, so that it is the same everywhere and at once. */
export function Cover({ id, name }: CoverProps) {
  const { hue, shift, initials } = coverOf(id, name);
  return (
    <svg className="cover" viewBox="0 0 100 100" aria-hidden="true">
      <rect width="100" height="100" fill={`hsl(${hue} 45% 22%)`} />
      <circle cx={20 + shift * 60} cy="18" r="46" fill={`hsl(${hue} 55% 34%)`} />
      <circle cx={80 - shift * 60} cy="92" r="34" fill={`hsl(${(hue + 40) % 360} 55% 30%)`} />
      <text x="50" y="62" textAnchor="middle" fontSize="34" fontWeight="700" fill="#fff" fillOpacity="0.92">
        {initials}
      </text>
    </svg>
  );
}
