// @boundaries-ignore the settings that every package shares live at the root
import { shared } from "../../vitest.shared.ts";

export default shared;
