/**
 * What is to be done about a game root after an interruption, as a table: values in, values out.
 *
 * What the transactions guarantee, and the table builds on:
 * - They begin only where no directory lies at the reserved names that they use. So under their intent these directories
 *   are lanspread's, also without a marker: the interruption may have come between making and marking.
 * - An install and an update move the staging directory to `local/` when it is complete and flushed. An update first
 *   carries the user's own files over into staging: once `local/` is there again, nothing in the backup is missed.
 * - An uninstall sets `local/` aside because the user wants it gone.
 * - A removal begins only where there is no `local/`. It takes the sentinel away before anything else, and wrote down
 *   beforehand what else it deletes: while the sentinel is there nothing was deleted, or a game has come anew.
 */

/** What an operation was about to do when it was interrupted. */
export type InstallIntent = "installing" | "updating" | "uninstalling" | "removing";

/** A directory at one of the reserved names. `marked`: with the marker that proves that lanspread made it. */
export type ReservedState = "absent" | "unmarked" | "marked";

export interface RecoveryState {
  /** `none`: no operation was interrupted here, as far as anybody knows. */
  readonly intent: InstallIntent | "none";
  /** Whether anything is at the sentinel's name. It makes a difference to removals alone. */
  readonly sentinel: boolean;
  /** Whether `local/` is there. */
  readonly local: boolean;
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
        state.local && state.staging === "absent" ? "unmark-local" : "forget-list",
        ...clearStaging(state, "ours"),
        // An install makes no backup: this one is a rest of an earlier operation, or somebody else's.
        ...clearBackup(state, "marked only"),
        "clear-intent",
      ];
    case "uninstalling":
      return [
        // Only a backup, or nothing at all, says that `local/` was set aside.
        ...forgetIf(!state.local || state.backup !== "absent"),
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
  const rest: readonly RecoveryAction[] = [...clearStaging(state, "ours"), "clear-intent"];
  if (state.backup === "absent") return [state.local ? "unmark-local" : "forget-list", ...rest];
  if (!state.local) return ["restore-backup", ...rest];
  // Staging is still there, so this `local/` is not what it became: the backup may hold the only saved games. Nothing is
  // touched, the intent included, until somebody moves that `local/` away.
  if (state.staging !== "absent") return ["report-backup"];
  return ["unmark-local", "delete-backup", ...rest];
}

function decideRemoval(state: RecoveryState): readonly RecoveryAction[] {
  const reserved = [...clearStaging(state, "marked only"), ...clearBackup(state, "marked only")];
  const over = ["forget-removal", "clear-intent"] as const;
  if (state.sentinel) return [...reserved, ...over];
  // Somebody installs by hand what was being removed: they may still need what is left.
  if (state.local) return [...reserved, "report-rest", ...over];
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

function forgetIf(condition: boolean): readonly RecoveryAction[] {
  return condition ? ["forget-list"] : [];
}
