export { defaults, engineNames, type PolicyInputs, parseNames } from "./inputs.ts";
export { type PolicyOutcome, type PolicyWorld, run } from "./run.ts";
