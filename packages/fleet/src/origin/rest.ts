import { joinPointer } from "@gitops-actions/manifest";
import type { Printed } from "./template.ts";
import type { Step, Trail } from "./trail.ts";

/** The path from what an action printed to the field: the keys and items that begin inside it. */
export function restOf({ trail, document, tokens }: Printed, step: Step): string[] | undefined {
  // The document itself begins where the action does, or behind it.
  if (tokens.length === 0) return [];
  const locate = (length: number) => trail.source.locate(document, joinPointer(tokens.slice(0, length)));
  for (let length = 1; length <= tokens.length; length++) {
    const span = locate(length);
    if (!span) return undefined;
    if (span.range[0] < step.start) continue;
    const key = span.key?.range[0] ?? dashBefore(trail.source.text, span.range[0]);
    if (key < step.start) return tokens.slice(length);
    if (span.key) return tokens.slice(length - 1);
    const index =
      Number(tokens[length - 1]) -
      firstItem(printedItems(trail, document, tokens.slice(0, length - 1)), step);
    return [String(index), ...tokens.slice(length)];
  }
  return undefined;
}

function dashBefore(text: string, offset: number): number {
  return text.lastIndexOf("-", offset - 1);
}

function printedItems(trail: Trail, document: number, tokens: readonly string[]): number[] {
  const starts: number[] = [];
  for (let index = 0; ; index++) {
    const span = trail.source.locate(document, joinPointer([...tokens, String(index)]));
    if (!span) return starts;
    starts.push(span.range[0]);
  }
}

function firstItem(starts: readonly number[], step: Step): number {
  return starts.findIndex((start) => start >= step.start);
}
