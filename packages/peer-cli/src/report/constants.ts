/** Pause between two drawings of the progress, milliseconds: five a second are read with ease, and cost a slow terminal little. */
export const FRAME_MS = 200;

/** Off a terminal a game's progress is told so often at most, milliseconds: a log of an hour stays readable. */
export const PLAIN_INTERVAL_MS = 5_000;

/** Size of a terminal that does not tell its own: that of the VT100, which the others follow. */
export const DEFAULT_COLUMNS = 80;
export const DEFAULT_ROWS = 24;

/** Columns of a bar: fewer say nothing, more say no more. */
export const MIN_BAR_COLUMNS = 10;
export const MAX_BAR_COLUMNS = 30;

/** Columns that the name of a source may take: those of the most usual names, and a third of a usual terminal. */
export const MAX_NAME_COLUMNS = 24;

/** Sources that are shown below a bar; the others are added up in one line. */
export const MAX_SHOWN_SOURCES = 6;
