export { defaults, parseEngines, parseMissingSchemas, type ValidateInputs } from "./inputs.ts";
export type { Locate } from "./locations.ts";
export { createLocator } from "./origins.ts";
export { run, type ValidateOutcome, type ValidateWorld } from "./run.ts";
