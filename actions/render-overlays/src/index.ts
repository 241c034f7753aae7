export { type ChangeSummary, describeCounts, formatChangesMarkdown, formatChangesText } from "./changes.ts";
export { defaults, type RenderInputs } from "./inputs.ts";
export { type RenderOutcome, type RenderWorld, run } from "./run.ts";
