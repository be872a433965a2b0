import { mergeConfig } from "vitest/config";
// @boundaries-ignore the settings that every package shares live at the root
import { shared } from "../../vitest.shared.ts";

export default mergeConfig(shared, { test: { globalSetup: ["test/support/place-of-this-run.ts"] } });
