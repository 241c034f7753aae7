import type { SchemaProblem } from "@gitops-actions/engine";
import type { Redactor } from "@gitops-actions/manifest";
import { type FluxUse, type Sorted, sortProblems } from "./aside.ts";
import type { Check } from "./check.ts";
import type { Said, Statement } from "./statement.ts";

const engine = "kubectl-validate";

/** What kubectl-validate says of a custom resource and its schema does not: rules in CEL, and keys that occur twice in a list. */
export function ruleStatements(
  { resource, verdict, ruled }: Check,
  { flux }: { flux: FluxUse },
  redactor: () => Redactor,
): Said {
  if (ruled?.status === "unreadable") {
    // What cannot be read is kubeconform's to tell.
    if (verdict.status !== "valid") return { statements: [], aside: [] };
    const message = `its rules (x-kubernetes-validations) were not evaluated: ${redactor().redactText(ruled.message)}`;
    return { statements: [{ engine, what: "not-evaluated", severity: "error", message }], aside: [] };
  }
  if (ruled?.status !== "invalid") return { statements: [], aside: [] };
  const said = verdict.status === "invalid" ? verdict.problems : [];
  const isTold = (problem: SchemaProblem): boolean =>
    !isRule(problem) &&
    (verdict.status === "unreadable" || said.some(({ field }) => isRelated(field, problem.field)));
  const { kept, aside } = sortProblems(
    ruled.problems.filter((problem) => !isTold(problem)),
    resource,
    flux,
  );
  return { statements: kept.map((problem) => describe(problem, redactor())), aside };
}

function isRule({ what }: SchemaProblem): boolean {
  return what === "validation-rule" || what === "rule-not-evaluated";
}

/** The engines put one mistake at a field, at its parent or at what is below it. */
function isRelated(one: string, other: string): boolean {
  return one === other || one.startsWith(`${other}/`) || other.startsWith(`${one}/`);
}

function describe({ what, field, message, help }: Sorted["kept"][number], redactor: Redactor): Statement {
  const text = redactor.redactText(message);
  const about = { engine, what, field, discriminator: text, help } as const;
  if (what !== "rule-not-evaluated") return { ...about, severity: "error", message: text };
  return {
    ...about,
    severity: "warning",
    message: `a rule in CEL was not evaluated, because it does not compile: ${text}`,
    help: "kubectl-validate has the functions of Kubernetes 1.30; a newer one is known to newer servers only.",
  };
}
