import { identityKey, type Resource, type ResourceId } from "@gitops-actions/manifest";
import type { Location } from "@gitops-actions/report";
import type { ClosureContext } from "../closure/context.ts";
import type { Closure, Overlay } from "../overlay.ts";
import type { Tree } from "../tree.ts";
import { helmOrigins } from "./helm.ts";
import { kustomizeOrigins, type RenderProbe } from "./kustomize.ts";
import type { Part } from "./located.ts";
import { plainOrigins } from "./plain.ts";

/** What origins are found from. */
export interface OriginInput {
  tree: Tree;
  overlay: Overlay;
  closure: Closure;
  context: ClosureContext;
  /** What the overlay renders to. */
  resources: readonly Resource[];
  /** Renders once more, with the first question only. Not called for plain manifests. */
  render: RenderProbe;
}

/** Answers which line a person would edit to change a field of a rendered resource. */
export interface Origins {
  /**
   * `of` is one of the resources that were given, or the identity of one (of several with one identity, the first).
   * `pointer` is a JSON Pointer into it; "" asks for the resource itself. Of a field that is absent, the nearest parent
   * that exists, near. Undefined where it is not known. `part` asks for the key instead of the value.
   */
  originOf(of: Resource | ResourceId, pointer: string, part?: Part): Promise<Location | undefined>;
}

/** Origins of one rendered overlay. Nothing is read or rendered before the first question; answers are kept. */
export function createOrigins(input: OriginInput): Origins {
  const { tree, overlay, closure, context, resources, render } = input;
  const find =
    overlay.kind === "kustomize"
      ? kustomizeOrigins(tree, overlay.path, closure, context, resources, render)
      : overlay.kind === "plain"
        ? plainOrigins(tree, closure, resources)
        : helmOrigins(tree, overlay.path, overlay.options, resources, render);
  const byKey = new Map<string, Resource>();
  for (const resource of resources)
    if (!byKey.has(identityKey(resource.id))) byKey.set(identityKey(resource.id), resource);
  const answers = new Map<Resource, Map<string, Promise<Location | undefined>>>();
  return {
    originOf(of, pointer, part = "value") {
      const resource = "id" in of ? of : byKey.get(identityKey(of));
      if (!resource) return Promise.resolve(undefined);
      const known = answers.get(resource) ?? new Map<string, Promise<Location | undefined>>();
      answers.set(resource, known);
      let answer = known.get(`${part} ${pointer}`);
      if (!answer) {
        answer = find(resource, pointer, part);
        known.set(`${part} ${pointer}`, answer);
      }
      return answer;
    },
  };
}
