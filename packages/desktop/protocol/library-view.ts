/** Shapes of covers. */
export const SHAPES = ["portrait", "square", "wide"] as const;
export type Shape = (typeof SHAPES)[number];

/** How much room a card has. */
export const DENSITIES = ["comfortable", "normal", "compact"] as const;
export type Density = (typeof DENSITIES)[number];
