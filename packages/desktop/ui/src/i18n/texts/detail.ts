/** What the page of one game says. */
export const detailEn = {
  "detail.back": "Library",
  "detail.gone": "This game is not here any more.",
  "detail.gone-hint": "Nobody who is here has “{id}”, and it is not on this computer.",
} as const;

export const detailDe: Readonly<Record<keyof typeof detailEn, string>> = {
  "detail.back": "Spiele",
  "detail.gone": "Dieses Spiel gibt es hier nicht mehr.",
  "detail.gone-hint": "Niemand hier hat „{id}“, und auf diesem Computer ist es auch nicht.",
};
