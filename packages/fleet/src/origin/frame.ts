import { type Frame, type Place, parentOf, sourcesOf, type World } from "./expression.ts";
import type { Action } from "./gotemplate.ts";
import { includedBy } from "./instrument.ts";
import type { Step } from "./trail.ts";

/** The place in its template of the action that a step executed. */
export function placeOf(step: Step, world: World): Place | undefined {
  const { template, node } = step.spot;
  const frame = frameOf(step, world);
  return frame && { frame, block: parentOf(template.root, node), offset: node.start };
}

/** The execution that a step belongs to: the file's, or that of a named template, given what its caller gave it. */
function frameOf(step: Step, world: World): Frame | undefined {
  const { template } = step.spot;
  const caller = callerOf(step);
  if (!caller) return { template, step, dot: () => [{ kind: "root" }] };
  const place = placeOf(caller, world);
  const action = caller.spot.node as Action;
  const given =
    action.keyword === "template" ? action.pipeline?.commands[0]?.[1] : action.pipeline?.commands[0]?.[2];
  if (!place || !given) return undefined;
  const pipeline = { variables: [], commands: [[given]] };
  return { template, step, dot: () => sourcesOf(pipeline, place, world) };
}

/** The nearest step outside that includes another template; loops and the action itself belong to this one. */
function callerOf(step: Step): Step | undefined {
  for (let each = step.outer; each; each = each.outer) {
    if (each.kind === "action" && includedBy(each.spot.node as Action)) return each;
  }
  return undefined;
}
