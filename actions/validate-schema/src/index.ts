export type { Locate } from "./finding.ts";
export { defaults, parseMissingSchemas, type ValidateInputs } from "./inputs.ts";
export { run, type ValidateOutcome, type ValidateWorld } from "./run.ts";
