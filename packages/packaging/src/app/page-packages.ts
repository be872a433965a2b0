/** Packages whose code the build puts into the desktop app's page: they are in no `node_modules` of an archive. */
export const PAGE_PACKAGES: readonly string[] = [
  "react",
  "react-dom",
  "scheduler",
  "@tanstack/react-virtual",
  "@tanstack/virtual-core",
];
