/** Files that are deleted side by side: what the threads of Node take at once, and some that wait for them. */
export const DELETIONS_AT_ONCE = 16;

/** Progress reports of one removal, about: one for each percent. */
export const REPORTS = 100;
