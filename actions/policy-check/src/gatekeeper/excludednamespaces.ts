import type { FoundPolicies, PolicyObject } from "@gitops-actions/fleet";
import { isObject, type Redactor } from "@gitops-actions/manifest";
import { type Finding, makeFinding } from "@gitops-actions/report";

/** Processes of Gatekeeper that look at resources for what violates constraints. */
const looking = ["*", "webhook", "audit"];

/** One warning where a change has Gatekeeper's Config leave out more namespaces: gator does not read it. */
export function excludedMore(base: FoundPolicies, head: FoundPolicies, redactor: Redactor): Finding[] {
  const before = new Set(base.others.flatMap((each) => excludedIn(each).map(textOf)));
  const all = head.others.flatMap((policy) => excludedIn(policy).map((each) => ({ ...each, policy })));
  const more = all.filter(({ process, namespace }) => {
    const known = [process, "*"].map((each) => textOf({ process: each, namespace }));
    return !known.some((each) => before.has(each));
  });
  const [first] = more;
  // Configs that were not there before are compared as well: without one nothing is left out.
  if (!first) return [];
  const names = [...new Set(more.map(({ namespace }) => namespace))].sort();
  const { path, resource } = first.policy;
  return [
    makeFinding({
      rule: "policy/weakened",
      severity: "warning",
      message: redactor.redactText(
        `this change has Gatekeeper's Config leave out namespaces that it looks at now: ${names.join(", ")}`,
      ),
      help: "Here they are still looked at; in the cluster no constraint is enforced in them. See that who answers for the policies agrees.",
      location: { path, line: resource.line, precision: "exact", via: [] },
      discriminator: `excluded ${names.join("\n")}`,
    }),
  ];
}

interface Excluded {
  process: string;
  namespace: string;
}

function textOf({ process, namespace }: Excluded): string {
  return `${process} ${namespace}`;
}

function excludedIn({ resource }: PolicyObject): Excluded[] {
  const { id, value } = resource;
  if (id.group !== "config.gatekeeper.sh" || id.kind !== "Config" || !isObject(value.spec)) return [];
  const entries = Array.isArray(value.spec.match) ? value.spec.match.filter(isObject) : [];
  const list = (given: unknown) => (Array.isArray(given) ? given.map(String) : []);
  return entries.flatMap(({ processes, excludedNamespaces }) =>
    list(processes)
      .filter((process) => looking.includes(process))
      .flatMap((process) => list(excludedNamespaces).map((namespace) => ({ process, namespace }))),
  );
}
