export * from "./overlay.ts";
export * from "./tree.ts";
