/** One change of a disk that a process makes: the `nth` of its kind to a file of that name since the process began. */
export interface Change {
  readonly operation: string;
  readonly file: string;
  readonly nth: number;
}

const LINE = /^change (\w+) (.+)$/gmu;
/** Changes that move an operation on: the others only fill files that do not count yet. */
const STEPS = new Set(["mkdir", "remove", "rename"]);
/** What an install, update, uninstall or removal says and proves by: records in the state directory, names in the game's root. */
const NAMES = new Set([
  ...[
    "install_intent.json",
    "installed.json",
    "installed_next.json",
    "removal.json",
    "launch_settings_applied",
  ],
  ...[
    "local",
    ".local.installing",
    ".local.backup",
    ".lanspread_owned",
    "version.ini",
    ".version.ini.discarded",
  ],
]);

/**
 * The steps of an operation in the trace of the process that ran it (`die-at.ts` writes it), in their order.
 *
 * @param payload names of the game's own files: that one is deleted is a step of a removal
 */
export function stepsIn(log: string, payload: readonly string[] = []): readonly Change[] {
  const counts = new Map<string, number>();
  return [...log.matchAll(LINE)].flatMap(({ 1: operation = "", 2: file = "" }) => {
    const isStep = STEPS.has(operation) && (NAMES.has(file) || payload.includes(file));
    if (!isStep) return [];
    const nth = (counts.get(`${operation} ${file}`) ?? 0) + 1;
    counts.set(`${operation} ${file}`, nth);
    return [{ operation, file, nth }];
  });
}
