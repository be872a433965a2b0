import type { ReactNode } from "react";
import type { GeneratedCover, Pattern } from "./generated-cover.ts";

/** Side of the square that patterns are drawn in; of a cover of another shape its middle is seen. */
const SIDE = 100;

/** Colours of a cover: the same lightness in every hue, so that none shouts and white letters can be read on all. */
interface Colours {
  readonly light: string;
  readonly strong: string;
  readonly soft: string;
}

type Figures = GeneratedCover["figures"];

/** What is drawn on the ground of a generated cover. */
export function CoverPattern({ pattern, hue, accentHue, figures }: GeneratedCover) {
  const colours: Colours = {
    light: `oklch(0.8 0.13 ${accentHue})`,
    strong: `oklch(0.62 0.17 ${accentHue})`,
    soft: `oklch(0.5 0.14 ${hue})`,
  };
  return (
    <svg viewBox={`0 0 ${SIDE} ${SIDE}`} preserveAspectRatio="xMidYMid slice" aria-hidden="true">
      <rect x="-50" y="-50" width="200" height="200" fill={`oklch(0.3 0.1 ${hue})`} />
      <circle cx={20 + figures[0] * 60} cy="4" r="76" fill={`oklch(0.38 0.12 ${hue})`} />
      {DRAW[pattern](colours, figures)}
    </svg>
  );
}

const times = (count: number, draw: (at: number) => ReactNode): ReactNode[] =>
  Array.from({ length: count }, (_, at) => draw(at));

/**
 * Every pattern draws far beyond the square: what a wide or a tall cover shows is not empty. And each is a
 * handful of elements: a hundred covers may be in the page.
 */
const DRAW: Readonly<Record<Pattern, (colours: Colours, figures: Figures) => ReactNode>> = {
  rings: ({ light, strong }, [a, b]) =>
    times(6, (at) => (
      <circle
        key={at}
        cx={15 + a * 70}
        cy={15 + b * 35}
        r={9 + at * 13}
        fill="none"
        stroke={at % 2 === 0 ? light : strong}
        strokeWidth={5.5 - at * 0.7}
        strokeOpacity={0.95 - at * 0.13}
      />
    )),
  sunset: ({ light, strong, soft }, [a, b]) => (
    <>
      <circle cx={35 + a * 30} cy="42" r={20 + b * 9} fill={light} />
      {times(5, (at) => (
        <rect key={at} x="-60" y={44 + at * 6} width="220" height={1.2 + at * 0.9} fill={soft} />
      ))}
      <path d="M-60 74 L10 56 L34 68 L62 52 L92 66 L160 50 V160 H-60 Z" fill={strong} fillOpacity="0.75" />
    </>
  ),
  shards: ({ light, strong, soft }, [a, b, c]) => (
    <>
      <path d={`M${20 + a * 30} -30 L130 ${30 + b * 30} L${60 + c * 30} 130 Z`} fill={strong} />
      <path d={`M${20 + a * 30} -30 L${60 + c * 30} 130 L-30 ${60 - b * 20} Z`} fill={soft} />
      <path
        d={`M${20 + a * 30} -30 L${50 + b * 20} ${46 + a * 14} L-30 ${20 + c * 20} Z`}
        fill={light}
        fillOpacity="0.85"
      />
    </>
  ),
  waves: ({ light, strong, soft }, [a, b]) =>
    [light, strong, soft].map((colour, at) => {
      const y = 26 + at * 15 + a * 8;
      const swing = 8 + b * 12 + at * 2;
      return (
        <path
          key={colour}
          d={`M-60 ${y} C-30 ${y - swing} -10 ${y + swing} 20 ${y} S70 ${y - swing} 100 ${y} S150 ${y + swing} 160 ${y} V160 H-60 Z`}
          fill={colour}
          fillOpacity={0.85}
        />
      );
    }),
  beams: ({ light, strong, soft }, [a, b, c]) => (
    <g transform={`rotate(${-58 + a * 30} 50 50)`}>
      {[light, soft, strong, soft, light].map((colour, at) => (
        <rect
          key={`${colour}${String(at)}`}
          x="-90"
          y={-6 + at * (16 + b * 8)}
          width="280"
          height={4 + ((at * 7 + Math.floor(c * 9)) % 10)}
          fill={colour}
          fillOpacity={0.9 - at * 0.1}
        />
      ))}
    </g>
  ),
  dots: ({ light, strong }, [a, b]) => {
    const near = { light: "", strong: "", faint: "" };
    for (let at = 0; at < 99; at++) {
      const [x, y] = [(at % 9) * 15 - 10, Math.floor(at / 9) * 15 - 20];
      const distance = Math.hypot(x - 20 - a * 60, y - 10 - b * 40);
      const kind = distance < 34 ? "light" : distance < 62 ? "strong" : "faint";
      near[kind] += disc(x, y, Math.max(0.9, 6.6 - distance / 12));
    }
    return (
      <>
        <path d={near.light} fill={light} />
        <path d={near.strong} fill={strong} fillOpacity="0.8" />
        <path d={near.faint} fill={strong} fillOpacity="0.4" />
      </>
    );
  },
  orbits: ({ light, strong, soft }, [a, b, c]) => (
    <g transform={`rotate(${-30 + a * 60} 50 38)`}>
      {times(4, (at) => (
        <ellipse
          key={at}
          cx="50"
          cy="38"
          rx={24 + at * 17}
          ry={9 + at * 7 + b * 5}
          fill="none"
          stroke={at % 2 === 0 ? strong : soft}
          strokeWidth="2.4"
        />
      ))}
      <circle cx="50" cy="38" r={10 + c * 6} fill={light} />
      <circle cx={74 + b * 17} cy="38" r="4.2" fill={light} />
    </g>
  ),
  blocks: ({ light, strong, soft }, [a, b, c]) => {
    const near = { light: "", strong: "", soft: "" };
    for (let at = 0; at < 40; at++) {
      const [column, row] = [at % 8, Math.floor(at / 8)];
      const lot = Math.sin((at + 1) * (12.9 + a * 40) + b * 20) * 43_758.5;
      const share = lot - Math.floor(lot);
      if (share < 0.42) continue;
      const kind = share > 0.84 ? "light" : share > 0.62 ? "strong" : "soft";
      near[kind] += `M${column * 20 - 30} ${(row * 20 - 24 + c * 8).toFixed(1)}h18.5v18.5h-18.5z`;
    }
    return (
      <>
        <path d={near.soft} fill={soft} fillOpacity="0.9" />
        <path d={near.strong} fill={strong} fillOpacity="0.8" />
        <path d={near.light} fill={light} fillOpacity="0.85" />
      </>
    );
  },
};

/** A circle as a part of a path: many of them are one element. */
function disc(x: number, y: number, radius: number): string {
  // Rounded first: arcs that do not fit their ends are drawn as others.
  const r = Math.round(radius * 10) / 10;
  return `M${x - r} ${y}a${r} ${r} 0 1 0 ${2 * r} 0a${r} ${r} 0 1 0 ${-2 * r} 0z`;
}
