export { type ChangeSummary, describeCounts, formatChangesMarkdown, formatChangesText } from "./changes.ts";
export { checkSettings, defaults, type RenderInputs, readInputs } from "./inputs.ts";
export { type RenderOutcome, type RenderWorld, run } from "./run.ts";
