import { pins, type ToolName } from "./pins.ts";

/** The version in what a tool prints when asked for it, without `v`; undefined when it is not there. */
export function parseVersion(name: ToolName, output: string): string | undefined {
  return pins[name].says.exec(output.trim())?.[1];
}
