/**
 * What is to be done about a game root after an interruption, as a table: values in, values out.
 *
 * What the transactions guarantee, and the table builds on:
 * - They begin only where no directory lies at the reserved names that they use. So under their intent these directories
 *   are lanspread's, also without a marker: the interruption may have come between making and marking.
 * - An install and an update move the staging directory to `local/` when it is complete and flushed. Its marker moves with it.
 *   An update first carries the user's own files over into staging, and deletes the backup before it takes that marker
 *   away: where `local/` has it, nothing in the backup is missed.
 * - An uninstall sets `local/` aside because the user wants it gone.
 * - A removal begins only where there is no `local/`. It takes the sentinel away before anything else, and wrote down
 *   beforehand what else it deletes: while the sentinel is there nothing was deleted, or a game has come anew.
 */

/** What an operation was about to do when it was interrupted. */
export type InstallIntent = "installing" | "updating" | "uninstalling" | "removing";

/** A directory at one of the reserved names. `marked`: with the marker that proves that lanspread made it. */
export type ReservedState = "absent" | "unmarked" | "marked";

/** `local/`. `promoted`: with the marker of staging, which it was a moment ago. */
export type LocalState = "absent" | "present" | "promoted";

export interface RecoveryState {
  /** `none`: no operation was interrupted here, as far as anybody knows. */
  readonly intent: InstallIntent | "none";
  /** Whether the intent says that the root was made for the operation. Asked for installs alone. */
  readonly madeRoot: boolean;
  /** Whether anything is at the sentinel's name. It makes a difference to removals alone. */
  readonly sentinel: boolean;
  readonly local: LocalState;
  /** `.local.installing/` */
  readonly staging: ReservedState;
  /** `.local.backup/` */
  readonly backup: ReservedState;
}

export type RecoveryAction =
  /** `.local.backup/` becomes `local/` again, and loses its marker. */
  | "restore-backup"
  /** `local/` was staging: it loses its marker. */
  | "unmark-local"
  /** What an update has unpacked is what is installed now. */
  | "adopt-list"
  /** What an update has unpacked was never installed. */
  | "drop-coming-list"
  /** Forgets what the last install unpacked: it is not there any more, or never was. */
  | "forget-list"
  | "delete-staging"
  | "delete-backup"
  /** Tells the user, once, of a directory that is left alone: nothing proves that nobody misses it. */
  | "report-staging"
  | "report-backup"
  /** Deletes what the removal had listed, as far as nobody has changed it since. */
  | "delete-listed"
  /** Forgets that list. */
  | "forget-removal"
  /** Deletes the root if nothing is in it. */
  | "delete-root"
  /** Tells the user, once, that what is left of a removed game stays. */
  | "report-rest"
  /** The operation is over. Always last: what comes before it is done again if it is interrupted too. */
  | "clear-intent";

/**
 * The actions for a state, in their order. After them the root holds either the old install or the new one, whole, or
 * none; one that was being removed holds the whole download, or none. Doing them a second time changes nothing.
 */
export function decideRecovery(state: RecoveryState): readonly RecoveryAction[] {
  switch (state.intent) {
    case "none":
      return [...clearStaging(state, "marked only"), ...clearBackup(state, "marked only")];
    case "installing":
      return [
        // Staging is gone and `local/` there: the rename has happened. Else a `local/` is not from this install.
        state.local !== "absent" && state.staging === "absent" ? "unmark-local" : "forget-list",
        ...clearStaging(state, "ours"),
        // An install makes no backup: this one is a rest of an earlier operation, or somebody else's.
        ...clearBackup(state, "marked only"),
        // Of a streamed install: the root was not there before.
        ...deleteRootIf(state.madeRoot && state.local === "absent"),
        "clear-intent",
      ];
    case "uninstalling":
      return [
        // Only a backup, or nothing at all, says that `local/` was set aside.
        ...forgetIf(state.local === "absent" || state.backup !== "absent"),
        ...clearBackup(state, "ours"),
        ...clearStaging(state, "marked only"),
        "clear-intent",
      ];
    case "updating":
      return decideUpdate(state);
    case "removing":
      return decideRemoval(state);
  }
}

function decideUpdate(state: RecoveryState): readonly RecoveryAction[] {
  const { local, staging, backup } = state;
  const rest: readonly RecoveryAction[] = [...clearStaging(state, "ours"), "clear-intent"];
  if (local === "promoted" && staging === "absent") {
    return ["adopt-list", ...clearBackup(state, "ours"), "unmark-local", "clear-intent"];
  }
  if (backup === "absent") {
    return ["drop-coming-list", local === "absent" ? "forget-list" : "unmark-local", ...rest];
  }
  if (local === "absent") return ["drop-coming-list", "restore-backup", ...rest];
  // This `local/` is not what staging became: somebody made it meanwhile, and the backup may hold the only saved games. Nothing
  // is touched, the intent included, until somebody moves that `local/` away.
  return ["report-backup"];
}

function decideRemoval(state: RecoveryState): readonly RecoveryAction[] {
  const reserved = [...clearStaging(state, "marked only"), ...clearBackup(state, "marked only")];
  const over = ["forget-removal", "clear-intent"] as const;
  // Nothing was deleted, or a game has come anew.
  if (state.sentinel) return [...reserved, ...over];
  if (state.local !== "absent") return [...reserved, "report-rest", ...over];
  return [...reserved, "delete-listed", "forget-list", "forget-removal", "delete-root", "clear-intent"];
}

type Whose = "ours" | "marked only";

function clearStaging({ staging }: RecoveryState, whose: Whose): readonly RecoveryAction[] {
  if (staging === "absent") return [];
  return [staging === "marked" || whose === "ours" ? "delete-staging" : "report-staging"];
}

function clearBackup({ backup }: RecoveryState, whose: Whose): readonly RecoveryAction[] {
  if (backup === "absent") return [];
  return [backup === "marked" || whose === "ours" ? "delete-backup" : "report-backup"];
}

function deleteRootIf(condition: boolean): readonly RecoveryAction[] {
  return condition ? ["delete-root"] : [];
}

function forgetIf(condition: boolean): readonly RecoveryAction[] {
  return condition ? ["forget-list"] : [];
}
