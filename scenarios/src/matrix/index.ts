import type { Scenario } from "../scenario.ts";
import { CABLES } from "./cables.ts";
import { CHANGING_LIBRARIES } from "./changing-libraries.ts";
import { CRASHES } from "./crashes.ts";
import { DISKS } from "./disks.ts";
import { DOWNLOADING } from "./downloading.ts";
import { FAILING_SOURCES } from "./failing-sources.ts";
import { HOSTILE } from "./hostile.ts";
import { LARGE } from "./large.ts";
import { MEETING } from "./meeting.ts";
import { NAMES } from "./names.ts";
import { STRANGERS } from "./strangers.ts";
import { STREAMING } from "./streaming.ts";
import { UPDATING } from "./updating.ts";

/** Every scenario that is written; the matrix document says what each has to show. */
export const SCENARIOS: readonly Scenario[] = [
  ...MEETING,
  ...DOWNLOADING,
  ...FAILING_SOURCES,
  ...CHANGING_LIBRARIES,
  ...UPDATING,
  ...DISKS,
  ...LARGE,
  ...CABLES,
  ...STREAMING,
  ...CRASHES,
  ...HOSTILE,
  ...NAMES,
  ...STRANGERS,
];
