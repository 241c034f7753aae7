export { defaults, readInputs, schemaEngines, type ValidateInputs } from "./inputs.ts";
export type { Locate } from "./locations.ts";
export { createLocator } from "./origins.ts";
export { checkSettings, run, type ValidateOutcome, type ValidateWorld } from "./run.ts";
