import { describe, expect, it } from "vitest";
import { intentNameSchema } from "../../src/install/intent.ts";
import {
  decideRecovery,
  type InstallIntent,
  type RecoveryAction,
  type RecoveryState,
  type ReservedState,
} from "../../src/install/recovery-table.ts";

/**
 * Intent, `local/`, `.local.installing/`, `.local.backup/`, and what is done. Every state that there is: `installing (new)`
 * is an install that made its root, and `removing (ini)` a removal with something at the sentinel's name, neither of
 * which makes a difference to the others. That `local/` was promoted a moment ago makes one to updates alone.
 */
const TABLE = `
  none             | -        | -        | -        |
  none             | -        | -        | unmarked | report-backup
  none             | -        | -        | marked   | delete-backup
  none             | -        | unmarked | -        | report-staging
  none             | -        | unmarked | unmarked | report-staging report-backup
  none             | -        | unmarked | marked   | report-staging delete-backup
  none             | -        | marked   | -        | delete-staging
  none             | -        | marked   | unmarked | delete-staging report-backup
  none             | -        | marked   | marked   | delete-staging delete-backup
  none             | local    | -        | -        |
  none             | local    | -        | unmarked | report-backup
  none             | local    | -        | marked   | delete-backup
  none             | local    | unmarked | -        | report-staging
  none             | local    | unmarked | unmarked | report-staging report-backup
  none             | local    | unmarked | marked   | report-staging delete-backup
  none             | local    | marked   | -        | delete-staging
  none             | local    | marked   | unmarked | delete-staging report-backup
  none             | local    | marked   | marked   | delete-staging delete-backup
  installing       | -        | -        | -        | forget-list clear-intent
  installing       | -        | -        | unmarked | forget-list report-backup clear-intent
  installing       | -        | -        | marked   | forget-list delete-backup clear-intent
  installing       | -        | unmarked | -        | forget-list delete-staging clear-intent
  installing       | -        | unmarked | unmarked | forget-list delete-staging report-backup clear-intent
  installing       | -        | unmarked | marked   | forget-list delete-staging delete-backup clear-intent
  installing       | -        | marked   | -        | forget-list delete-staging clear-intent
  installing       | -        | marked   | unmarked | forget-list delete-staging report-backup clear-intent
  installing       | -        | marked   | marked   | forget-list delete-staging delete-backup clear-intent
  installing       | local    | -        | -        | unmark-local clear-intent
  installing       | local    | -        | unmarked | unmark-local report-backup clear-intent
  installing       | local    | -        | marked   | unmark-local delete-backup clear-intent
  installing       | local    | unmarked | -        | forget-list delete-staging clear-intent
  installing       | local    | unmarked | unmarked | forget-list delete-staging report-backup clear-intent
  installing       | local    | unmarked | marked   | forget-list delete-staging delete-backup clear-intent
  installing       | local    | marked   | -        | forget-list delete-staging clear-intent
  installing       | local    | marked   | unmarked | forget-list delete-staging report-backup clear-intent
  installing       | local    | marked   | marked   | forget-list delete-staging delete-backup clear-intent
  installing (new) | -        | -        | -        | forget-list delete-root clear-intent
  installing (new) | -        | -        | unmarked | forget-list report-backup delete-root clear-intent
  installing (new) | -        | -        | marked   | forget-list delete-backup delete-root clear-intent
  installing (new) | -        | unmarked | -        | forget-list delete-staging delete-root clear-intent
  installing (new) | -        | unmarked | unmarked | forget-list delete-staging report-backup delete-root clear-intent
  installing (new) | -        | unmarked | marked   | forget-list delete-staging delete-backup delete-root clear-intent
  installing (new) | -        | marked   | -        | forget-list delete-staging delete-root clear-intent
  installing (new) | -        | marked   | unmarked | forget-list delete-staging report-backup delete-root clear-intent
  installing (new) | -        | marked   | marked   | forget-list delete-staging delete-backup delete-root clear-intent
  installing (new) | local    | -        | -        | unmark-local clear-intent
  installing (new) | local    | -        | unmarked | unmark-local report-backup clear-intent
  installing (new) | local    | -        | marked   | unmark-local delete-backup clear-intent
  installing (new) | local    | unmarked | -        | forget-list delete-staging clear-intent
  installing (new) | local    | unmarked | unmarked | forget-list delete-staging report-backup clear-intent
  installing (new) | local    | unmarked | marked   | forget-list delete-staging delete-backup clear-intent
  installing (new) | local    | marked   | -        | forget-list delete-staging clear-intent
  installing (new) | local    | marked   | unmarked | forget-list delete-staging report-backup clear-intent
  installing (new) | local    | marked   | marked   | forget-list delete-staging delete-backup clear-intent
  updating         | -        | -        | -        | drop-coming-list forget-list clear-intent
  updating         | -        | -        | unmarked | drop-coming-list restore-backup clear-intent
  updating         | -        | -        | marked   | drop-coming-list restore-backup clear-intent
  updating         | -        | unmarked | -        | drop-coming-list forget-list delete-staging clear-intent
  updating         | -        | unmarked | unmarked | drop-coming-list restore-backup delete-staging clear-intent
  updating         | -        | unmarked | marked   | drop-coming-list restore-backup delete-staging clear-intent
  updating         | -        | marked   | -        | drop-coming-list forget-list delete-staging clear-intent
  updating         | -        | marked   | unmarked | drop-coming-list restore-backup delete-staging clear-intent
  updating         | -        | marked   | marked   | drop-coming-list restore-backup delete-staging clear-intent
  updating         | local    | -        | -        | drop-coming-list unmark-local clear-intent
  updating         | local    | -        | unmarked | report-backup
  updating         | local    | -        | marked   | report-backup
  updating         | local    | unmarked | -        | drop-coming-list unmark-local delete-staging clear-intent
  updating         | local    | unmarked | unmarked | report-backup
  updating         | local    | unmarked | marked   | report-backup
  updating         | local    | marked   | -        | drop-coming-list unmark-local delete-staging clear-intent
  updating         | local    | marked   | unmarked | report-backup
  updating         | local    | marked   | marked   | report-backup
  updating         | promoted | -        | -        | adopt-list unmark-local clear-intent
  updating         | promoted | -        | unmarked | adopt-list delete-backup unmark-local clear-intent
  updating         | promoted | -        | marked   | adopt-list delete-backup unmark-local clear-intent
  updating         | promoted | unmarked | -        | drop-coming-list unmark-local delete-staging clear-intent
  updating         | promoted | unmarked | unmarked | report-backup
  updating         | promoted | unmarked | marked   | report-backup
  updating         | promoted | marked   | -        | drop-coming-list unmark-local delete-staging clear-intent
  updating         | promoted | marked   | unmarked | report-backup
  updating         | promoted | marked   | marked   | report-backup
  uninstalling     | -        | -        | -        | forget-list clear-intent
  uninstalling     | -        | -        | unmarked | forget-list delete-backup clear-intent
  uninstalling     | -        | -        | marked   | forget-list delete-backup clear-intent
  uninstalling     | -        | unmarked | -        | forget-list report-staging clear-intent
  uninstalling     | -        | unmarked | unmarked | forget-list delete-backup report-staging clear-intent
  uninstalling     | -        | unmarked | marked   | forget-list delete-backup report-staging clear-intent
  uninstalling     | -        | marked   | -        | forget-list delete-staging clear-intent
  uninstalling     | -        | marked   | unmarked | forget-list delete-backup delete-staging clear-intent
  uninstalling     | -        | marked   | marked   | forget-list delete-backup delete-staging clear-intent
  uninstalling     | local    | -        | -        | clear-intent
  uninstalling     | local    | -        | unmarked | forget-list delete-backup clear-intent
  uninstalling     | local    | -        | marked   | forget-list delete-backup clear-intent
  uninstalling     | local    | unmarked | -        | report-staging clear-intent
  uninstalling     | local    | unmarked | unmarked | forget-list delete-backup report-staging clear-intent
  uninstalling     | local    | unmarked | marked   | forget-list delete-backup report-staging clear-intent
  uninstalling     | local    | marked   | -        | delete-staging clear-intent
  uninstalling     | local    | marked   | unmarked | forget-list delete-backup delete-staging clear-intent
  uninstalling     | local    | marked   | marked   | forget-list delete-backup delete-staging clear-intent
  removing (ini)   | -        | -        | -        | forget-removal clear-intent
  removing (ini)   | -        | -        | unmarked | report-backup forget-removal clear-intent
  removing (ini)   | -        | -        | marked   | delete-backup forget-removal clear-intent
  removing (ini)   | -        | unmarked | -        | report-staging forget-removal clear-intent
  removing (ini)   | -        | unmarked | unmarked | report-staging report-backup forget-removal clear-intent
  removing (ini)   | -        | unmarked | marked   | report-staging delete-backup forget-removal clear-intent
  removing (ini)   | -        | marked   | -        | delete-staging forget-removal clear-intent
  removing (ini)   | -        | marked   | unmarked | delete-staging report-backup forget-removal clear-intent
  removing (ini)   | -        | marked   | marked   | delete-staging delete-backup forget-removal clear-intent
  removing (ini)   | local    | -        | -        | forget-removal clear-intent
  removing (ini)   | local    | -        | unmarked | report-backup forget-removal clear-intent
  removing (ini)   | local    | -        | marked   | delete-backup forget-removal clear-intent
  removing (ini)   | local    | unmarked | -        | report-staging forget-removal clear-intent
  removing (ini)   | local    | unmarked | unmarked | report-staging report-backup forget-removal clear-intent
  removing (ini)   | local    | unmarked | marked   | report-staging delete-backup forget-removal clear-intent
  removing (ini)   | local    | marked   | -        | delete-staging forget-removal clear-intent
  removing (ini)   | local    | marked   | unmarked | delete-staging report-backup forget-removal clear-intent
  removing (ini)   | local    | marked   | marked   | delete-staging delete-backup forget-removal clear-intent
  removing         | -        | -        | -        | delete-listed forget-list forget-removal delete-root clear-intent
  removing         | -        | -        | unmarked | report-backup delete-listed forget-list forget-removal delete-root clear-intent
  removing         | -        | -        | marked   | delete-backup delete-listed forget-list forget-removal delete-root clear-intent
  removing         | -        | unmarked | -        | report-staging delete-listed forget-list forget-removal delete-root clear-intent
  removing         | -        | unmarked | unmarked | report-staging report-backup delete-listed forget-list forget-removal delete-root clear-intent
  removing         | -        | unmarked | marked   | report-staging delete-backup delete-listed forget-list forget-removal delete-root clear-intent
  removing         | -        | marked   | -        | delete-staging delete-listed forget-list forget-removal delete-root clear-intent
  removing         | -        | marked   | unmarked | delete-staging report-backup delete-listed forget-list forget-removal delete-root clear-intent
  removing         | -        | marked   | marked   | delete-staging delete-backup delete-listed forget-list forget-removal delete-root clear-intent
  removing         | local    | -        | -        | report-rest forget-removal clear-intent
  removing         | local    | -        | unmarked | report-backup report-rest forget-removal clear-intent
  removing         | local    | -        | marked   | delete-backup report-rest forget-removal clear-intent
  removing         | local    | unmarked | -        | report-staging report-rest forget-removal clear-intent
  removing         | local    | unmarked | unmarked | report-staging report-backup report-rest forget-removal clear-intent
  removing         | local    | unmarked | marked   | report-staging delete-backup report-rest forget-removal clear-intent
  removing         | local    | marked   | -        | delete-staging report-rest forget-removal clear-intent
  removing         | local    | marked   | unmarked | delete-staging report-backup report-rest forget-removal clear-intent
  removing         | local    | marked   | marked   | delete-staging delete-backup report-rest forget-removal clear-intent
`;

const LOCAL = { "-": "absent", local: "present", promoted: "promoted" } as const;

type Row = [RecoveryState, RecoveryAction[]];

const rows: Row[] = TABLE.trim()
  .split("\n")
  .map((line) => {
    const [intent, local, staging, backup, actions] = line.split("|").map((cell) => cell.trim());
    const reserved = (cell: string | undefined): ReservedState =>
      (cell === "-" ? "absent" : cell) as ReservedState;
    const [name, more] = (intent ?? "").split(" ");
    return [
      {
        intent: name as InstallIntent | "none",
        madeRoot: more === "(new)",
        sentinel: more === "(ini)",
        local: LOCAL[local as keyof typeof LOCAL],
        staging: reserved(staging),
        backup: reserved(backup),
      },
      (actions ?? "").split(" ").filter((action) => action !== "") as RecoveryAction[],
    ];
  });

/** What a root is after the actions, if each of them does what it says. */
function after(state: RecoveryState, actions: readonly RecoveryAction[]): RecoveryState {
  let { intent, local, staging, backup } = state;
  const { sentinel, madeRoot } = state;
  for (const action of actions) {
    if (action === "restore-backup") {
      expect(local, "a backup never replaces a local/").toBe("absent");
      [local, backup] = ["present", "absent"];
    }
    if (action === "unmark-local" && local === "promoted") local = "present";
    if (action === "delete-staging") staging = "absent";
    if (action === "delete-backup") backup = "absent";
    if (action === "clear-intent") intent = "none";
  }
  return { intent, madeRoot, sentinel, local, staging, backup };
}

describe("the recovery table", () => {
  it("has a row for every state", () => {
    expect(rows).toHaveLength((4 + 3) * 2 * 3 * 3 + 3 * 3);
    expect(new Set(rows.map(([state]) => JSON.stringify(state))).size).toBe(rows.length);
    const intents = new Set(rows.map(([{ intent }]) => intent));
    expect([...intents].sort()).toEqual(["none", ...intentNameSchema.options].sort());
  });

  it.each(rows.filter(([{ intent }]) => intent !== "removing"))(
    "does not ask for the sentinel: %o",
    (state, actions) => {
      expect(decideRecovery({ ...state, sentinel: true })).toEqual(actions);
    },
  );

  it.each(rows.filter(([{ intent }]) => intent !== "installing"))(
    "asks for installs alone who made the root: %o",
    (state, actions) => {
      expect(decideRecovery({ ...state, madeRoot: true })).toEqual(actions);
    },
  );

  it.each(rows.filter(([{ intent, local }]) => intent !== "updating" && local === "present"))(
    "asks for updates alone whether local/ was promoted: %o",
    (state, actions) => {
      expect(decideRecovery({ ...state, local: "promoted" })).toEqual(actions);
    },
  );

  it.each(rows)("deletes a root's files only for a removal that has begun: %o", (state, actions) => {
    const begun = state.intent === "removing" && !state.sentinel && state.local === "absent";
    expect(actions.includes("delete-listed")).toBe(begun);
    const madeForNothing = state.intent === "installing" && state.madeRoot && state.local === "absent";
    expect(actions.includes("delete-root")).toBe(begun || madeForNothing);
  });

  it.each(rows)("%o", (state, actions) => {
    expect(decideRecovery(state)).toEqual(actions);
  });

  it.each(rows)("does nothing more the second time: %o", (state, actions) => {
    const settled = after(state, actions);
    const again = decideRecovery(settled).filter((action) => !action.startsWith("report-"));
    expect(again).toEqual([]);
  });

  it.each(rows)("ends an interrupted recovery as the whole one ends: %o", (state, actions) => {
    for (let done = 0; done <= actions.length; done++) {
      const halfway = after(state, actions.slice(0, done));
      expect(after(halfway, decideRecovery(halfway))).toEqual(after(state, actions));
    }
  });

  it.each(rows)("keeps local/, and unmarked directories without an intent: %o", (state, actions) => {
    const settled = after(state, actions);
    expect(settled.local !== "absent").toBe(state.local !== "absent" || actions.includes("restore-backup"));
    if (state.intent !== "none") return;
    expect(settled.local).toBe(state.local);
    if (state.staging === "unmarked") expect(settled.staging).toBe("unmarked");
    if (state.backup === "unmarked") expect(settled.backup).toBe("unmarked");
  });

  it.each(rows.filter(([{ intent }]) => intent === "updating"))(
    "never deletes the old install of an update that was not promoted, whatever is at its place: %o",
    (state, actions) => {
      const settled = after(state, actions);
      if (state.backup !== "absent" && state.local === "absent") expect(settled.local).toBe("present");
      if (state.backup !== "absent" && state.local === "present") expect(settled.backup).toBe(state.backup);
      if (state.local !== "promoted") expect(actions).not.toContain("adopt-list");
      if (state.local === "absent") expect(actions).toContain("drop-coming-list");
    },
  );
});
