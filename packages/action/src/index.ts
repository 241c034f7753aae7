export * from "./event.ts";
export * from "./host.ts";
export * from "./inputs.ts";
export * from "./outputs.ts";
export * from "./publish.ts";
export * from "./release.ts";
export * from "./run-action.ts";
export * from "./secrets.ts";
