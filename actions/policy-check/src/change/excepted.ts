import type { Exception } from "@gitops-actions/fleet";
import { compareText, type Redactor } from "@gitops-actions/manifest";
import { type Finding, listSome, makeFinding } from "@gitops-actions/report";
import { nameOf } from "../policies/names.ts";
import type { Judges } from "../policies/policies.ts";

const shown = 10;

/** One warning that names the exceptions that a change adds or widens, Kyverno's own too; none where it adds none. */
export function findExcepted(base: Judges, head: Judges, redactor: Redactor): Finding[] {
  const known = new Set(exceptionsOf(base).map(({ key }) => key));
  const added = exceptionsOf(head).filter(({ key }) => !known.has(key));
  const [first] = added;
  if (!first) return [];
  const names = added.map(({ name }) => name).sort(compareText);
  const what = added.length === 1 ? "1 exception" : `${added.length} exceptions`;
  return [
    makeFinding({
      rule: "policy/exception-added",
      severity: "warning",
      message: redactor.redactText(`this change adds ${what} from policies: ${listSome(names, shown, "; ")}`),
      help: "It excuses nothing here; once it is merged it does. See that who answers for the policy agrees.",
      location: first.location,
      discriminator: added
        .map(({ key }) => key)
        .sort()
        .join("\n"),
    }),
  ];
}

interface Added {
  /** Equal for exceptions that excuse the same. */
  key: string;
  name: string;
  location: NonNullable<Finding["location"]>;
}

function exceptionsOf({ exceptions, policies }: Judges): Added[] {
  const native = policies.kyverno.filter(({ resource }) => resource.id.kind === "PolicyException");
  return [
    ...exceptions.map(({ location, ...rest }: Exception) => ({
      ...{ key: JSON.stringify(rest), location },
      name: `${rest.rule} for ${describeResource(rest)} (${rest.owner}, until ${rest.expires})`,
    })),
    ...native.map((policy) => ({
      ...{ key: policy.resource.text, name: `PolicyException ${nameOf(policy)}` },
      location: { path: policy.path, line: policy.resource.line, precision: "exact" as const, via: [] },
    })),
    ...policies.rego
      .flatMap(({ files }) => files)
      .filter(({ isTest }) => !isTest)
      .flatMap((file) =>
        file.exceptions.map(({ line, text }) => ({
          key: `${file.package}\n${text}`,
          name: `exception of the package ${file.package} in ${file.path}`,
          location: { path: file.path, line, precision: "exact" as const, via: [] },
        })),
      ),
  ];
}

function describeResource({ resource, overlays }: Pick<Exception, "resource" | "overlays">): string {
  const { kind = "any kind", namespace, name = "*" } = resource;
  const where = overlays.length > 0 ? ` in ${overlays.join(", ")}` : "";
  return `${kind} ${namespace ? `${namespace}/` : ""}${name}${where}`;
}
