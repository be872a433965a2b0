/** Operations of one command that run at the same time: enough to unpack one game while the next one downloads. */
export const PARALLEL_OPERATIONS = 2;
/** A cancelled download ends within 1 s, a peer that stops within 5 s; after this many ms the command ends without the event. */
export const CANCEL_DEADLINE_MS = 6_000;
