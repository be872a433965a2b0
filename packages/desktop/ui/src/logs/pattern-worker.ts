import { createPattern } from "./filter.ts";
import type { PatternAnswer, PatternQuestion } from "./pattern-test.ts";

// A pattern may take for ever: that is why it runs here, where it can be ended.
addEventListener("message", ({ data }: MessageEvent<PatternQuestion>) => {
  postMessage("begun" satisfies PatternAnswer);
  const pattern = createPattern(data.pattern);
  postMessage(data.texts.map((text) => pattern.test(text)) satisfies PatternAnswer);
});
