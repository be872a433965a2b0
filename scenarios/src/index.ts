/**
 * Real `lanspread harness` processes, driven by JSON lines: for scenarios and the demo.
 *
 * @module
 */
export * from "./harness-process.ts";
export * from "./tree-digest.ts";
