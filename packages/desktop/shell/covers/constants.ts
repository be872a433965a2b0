const MIB = 1024 * 1024;

/** Largest picture that is shown, bytes: a portrait of 1,200 by 1,800 pixels takes about a third of it as PNG. */
export const MAX_COVER_BYTES = 8 * MIB;

/** For so long a browser need not ask for a picture again, seconds: an organiser who changes one sees it soon. */
export const COVER_MAX_AGE_S = 300;

/** Bytes at the start of a file that say what kind of picture it is. */
export const SNIFFED_BYTES = 32;
