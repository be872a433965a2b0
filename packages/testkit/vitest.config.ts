// @boundaries-ignore the settings that every package shares live at the root
export { shared as default } from "../../vitest.shared.ts";
