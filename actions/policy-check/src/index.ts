export { checkSettings, defaults, engineNames, type PolicyInputs, readInputs } from "./inputs.ts";
export { type PolicyOutcome, type PolicyWorld, run } from "./run.ts";
