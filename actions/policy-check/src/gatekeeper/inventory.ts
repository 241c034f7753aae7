import type { Batch, PolicyObject } from "@gitops-actions/fleet";
import { kindOf } from "./constraints.ts";
import { codeOf } from "./review.ts";
import { type Token, tokensOf } from "./tokens.ts";

/**
 * Notes for templates that look up objects of a kind (`data.inventory`) of which nothing is rendered. A cluster has what
 * Gatekeeper's Config syncs; here only what is rendered is known, so what such a template decides may be otherwise there.
 */
export function inventoryNotes(templates: readonly PolicyObject[], batches: readonly Batch[]): string[] {
  const rendered = new Set(batches.flatMap(({ items }) => items.map(({ resource }) => resource.id.kind)));
  // gitops.yaml describes namespaces that are made elsewhere, and gator is given these.
  if (batches.some(({ namespaces }) => namespaces && namespaces.size > 0)) rendered.add("Namespace");
  return templates.flatMap((template) => {
    const lookups = codeOf(template.resource.value).rego.flatMap((text) => kindsIn(tokensOf(text, "rego")));
    const absent = [...new Set(lookups)].filter((kind) => !rendered.has(kind)).sort();
    if (absent.length === 0) return [];
    return `the template ${kindOf(template)} looks up ${absent.join(", ")} (data.inventory), of which nothing is rendered: a cluster may know some`;
  });
}

/** Kinds in `data.inventory.cluster[version][kind]` and `data.inventory.namespace[name][version][kind]`. */
function kindsIn(tokens: readonly Token[]): string[] {
  return tokens.flatMap(({ kind, value }, index) => {
    if (kind !== "name" || value !== "data" || tokens[index - 1]?.value === ".") return [];
    const [inventory, where, ...steps] = stepsFrom(tokens, index + 1);
    if (inventory !== "inventory") return [];
    const found = steps[where === "namespace" ? 2 : 1];
    return found === undefined ? [] : [found];
  });
}

/** The names in a chain of `.name` and `[...]`; undefined for one that is known only when it runs. */
function stepsFrom(tokens: readonly Token[], from: number): (string | undefined)[] {
  const steps: (string | undefined)[] = [];
  for (let at = from; at < tokens.length; ) {
    const [mark, next, close] = tokens.slice(at, at + 3);
    if (mark?.value === "." && next?.kind === "name") {
      steps.push(next.value);
      at += 2;
    } else if (mark?.kind === "mark" && mark.value === "[" && !mark.isSpaced) {
      steps.push(next?.kind === "text" && close?.value === "]" ? next.value : undefined);
      at = afterBracket(tokens, at);
    } else break;
  }
  return steps;
}

function afterBracket(tokens: readonly Token[], from: number): number {
  let depth = 0;
  for (let at = from; at < tokens.length; at += 1) {
    if (tokens[at]!.kind !== "mark") continue;
    if (tokens[at]!.value === "[") depth += 1;
    if (tokens[at]!.value === "]") depth -= 1;
    if (depth === 0) return at + 1;
  }
  return tokens.length;
}
