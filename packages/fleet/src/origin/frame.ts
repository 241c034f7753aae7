import { type Frame, type Place, parentOf, sourcesOf, type World } from "./expression.ts";
import type { Action } from "./gotemplate.ts";
import { includedBy, type Template } from "./instrument.ts";
import type { Step } from "./trail.ts";

/** The place in its template of the action that a step executed. */
export function placeOf(step: Step, world: World): Place | undefined {
  const { template, node } = step.spot;
  const frame = frameOf(step, world);
  return frame && { frame, block: parentOf(template.root, node), offset: node.start };
}

/** The execution that a step belongs to: the file's, or that of a named template, given what its caller gave it. */
function frameOf(step: Step, world: World): Frame | undefined {
  return frameFrom(callerOf(step), step.spot.template, step, world);
}

/** The execution that a text of a template was printed in; `step` is what was being executed. */
export function frameOfText(template: Template, step: Step | undefined, world: World): Frame | undefined {
  if (!step || step.kind === "loop") return frameFrom(step && callerOf(step), template, step, world);
  return frameFrom(step, template, step, world);
}

function frameFrom(
  caller: Step | undefined,
  template: Template,
  step: Step | undefined,
  world: World,
): Frame | undefined {
  const at = step ? { step } : {};
  if (!caller) return { template, ...at, dot: () => [{ kind: "root" }] };
  const place = placeOf(caller, world);
  const action = caller.spot.node as Action;
  const given =
    action.keyword === "template" ? action.pipeline?.commands[0]?.[1] : action.pipeline?.commands[0]?.[2];
  if (!place || !given) return undefined;
  const pipeline = { variables: [], commands: [[given]] };
  return { template, ...at, dot: () => sourcesOf(pipeline, place, world) };
}

/** The nearest step outside that includes another template; loops and the action itself belong to this one. */
function callerOf(step: Step): Step | undefined {
  for (let each = step.outer; each; each = each.outer) {
    if (each.kind === "action" && includedBy(each.spot.node as Action)) return each;
  }
  return undefined;
}
