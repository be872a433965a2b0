/** Which source is asked for which pieces: decided here, done by the transfer. */
export { DownloadPlan, type DownloadPlanOptions } from "./download-plan.ts";
export type { Ask, PlanAction } from "./types.ts";
