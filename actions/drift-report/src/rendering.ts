import { defaults, type RenderInputs } from "@gitops-actions/render-overlays";
import type { DriftInputs } from "./inputs.ts";

/** What drift-report asks of render-overlays; at another commit, and of some overlays only, where that is named. */
export function renderInputs(
  inputs: DriftInputs,
  at: { commit?: string; paths?: readonly string[] } = {},
): RenderInputs {
  const ref = at.commit ?? inputs.ref;
  return {
    ...defaults,
    path: inputs.path,
    kustomization: at.paths ? [...at.paths] : inputs.kustomization,
    ...(at.paths && { mayMatchNothing: true as const }),
    fetch: inputs.fetch,
    compare: false,
    allowEmpty: true,
    tools: { ...inputs.tools, versions: {}, paths: {} },
    ...(inputs.token && { token: inputs.token }),
    ...(ref && { headRef: ref }),
  };
}
