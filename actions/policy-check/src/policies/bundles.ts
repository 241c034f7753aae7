import type { PolicyBundle } from "@gitops-actions/engine";
import { type FoundPolicies, findPolicies } from "@gitops-actions/fleet";
import type { Judges } from "./policies.ts";

/**
 * Adds the policies of bundles. They come from whoever runs the check, fixed by digest, so they count for both sides
 * alike; messages call their files by where they come from.
 */
export async function addBundles(judges: Judges, bundles: readonly PolicyBundle[]): Promise<Judges> {
  let { policies } = judges;
  for (const { root, tree } of bundles) {
    const found = await findPolicies(tree, []);
    const rename = (path: string): string => path.replace(/^policy(?=\/|$)/, root);
    const objects = (list: FoundPolicies["kyverno"]) =>
      list.map(({ path, resource }) => ({ path: rename(path), resource, foreign: true as const }));
    policies = {
      rego: [
        ...policies.rego,
        ...found.rego.map((set) => ({
          ...{ root: rename(set.root), data: set.data },
          files: set.files.map((file) => ({ ...file, path: rename(file.path) })),
        })),
      ],
      kyverno: [...policies.kyverno, ...objects(found.kyverno)],
      gatekeeper: [...policies.gatekeeper, ...objects(found.gatekeeper)],
      admission: [...policies.admission, ...objects(found.admission)],
      others: [...policies.others, ...objects(found.others)],
      aside: [...policies.aside, ...found.aside.map((each) => ({ ...each, id: rename(each.id) }))],
    };
  }
  return { ...judges, policies };
}
