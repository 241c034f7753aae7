import { differencesOf, versionsOf } from "@gitops-actions/fleet";
import { formatIdentity } from "@gitops-actions/manifest";
import { listSome } from "@gitops-actions/report";
import { placeOf } from "./names.ts";
import type { Judges } from "./policies.ts";

const shown = 20;
const few = 5;

/** Policies that are asked as overlays render them, where that is not what their files say: one line each. */
export function describeDifferences({ policies, rendered }: Judges): string[] {
  const lines = differencesOf(versionsOf(policies, rendered)).map(({ source, overlays, fields }) => {
    const what = `${formatIdentity(source.resource.id)} of ${placeOf(source)}`;
    return `${what} is asked as rendered in ${listSome(overlays, few)}, which differs from the file: ${listSome(fields, few)}`;
  });
  return lines.length > shown
    ? [...lines.slice(0, shown), `${lines.length - shown} more policies are asked as rendered`]
    : lines;
}
