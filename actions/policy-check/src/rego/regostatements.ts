import type { ConftestResult, PolicyStatement } from "@gitops-actions/engine";
import type { Batch, RegoRule } from "@gitops-actions/fleet";
import { formatIdentity } from "@gitops-actions/manifest";
import { toPointer } from "../pointer.ts";
import type { Namespace } from "./regopackages.ts";

/** The statements of one result, in an order of their own: conftest's is that of a hash map. */
export function statementsOf(result: ConftestResult, namespaces: readonly Namespace[]): PolicyStatement[] {
  const rules = namespaces.find(({ name }) => name === result.namespace)?.rules ?? [];
  const make =
    (status: PolicyStatement["status"]) =>
    (each: NonNullable<ConftestResult["failures"]>[number]): PolicyStatement => {
      const { query, id, severity, field, url } = each.metadata ?? {};
      const name = ruleName(String(query ?? each.msg), rules);
      const metadata = rules.find((rule) => rule.name === name)?.metadata ?? {};
      const pointer = typeof field === "string" ? toPointer(field) : undefined;
      const level = typeof severity === "string" ? severity : metadata.severity;
      const link = typeof url === "string" ? url : metadata.url;
      return {
        status,
        policy: `${result.namespace}/${name}`,
        rule: `${result.namespace}/${typeof id === "string" && id !== "" ? id : name}`,
        message: status === "waived" ? "an exception of the policy lets it be" : each.msg,
        ...(pointer !== undefined && { field: pointer }),
        ...(level !== undefined && { severity: level }),
        ...(link !== undefined && { url: link }),
      };
    };
  const statements = [
    ...(result.failures ?? []).map(make("failed")),
    ...(result.warnings ?? []).map(make("warned")),
    ...(result.exceptions ?? []).map(make("waived")),
  ];
  return statements.sort((a, b) =>
    a.rule < b.rule ? -1 : a.rule > b.rule ? 1 : a.message < b.message ? -1 : 1,
  );
}

/** `data.main.deny_x` is the rule deny_x; `data.main.exception[_][_] == "x"` is an exception from the rule that ends in x. */
function ruleName(query: string, rules: readonly RegoRule[]): string {
  const excepted = /\.exception\[_\]\[_\] == "(.*)"$/.exec(query)?.[1];
  if (excepted === undefined) return query.slice(query.lastIndexOf(".") + 1);
  const found = rules.find(({ name }) => name.replace(/^(?:deny|violation|warn)_?/, "") === excepted);
  return found?.name ?? excepted;
}

/** A message about all documents names files, and those were ours: the resource is put in its place. */
export function attribute(statement: PolicyStatement, items: Batch["items"]): PolicyStatement {
  const named = new Set<number>();
  const message = statement.message.replace(/\S*?(\d{7})\.json/g, (text, digits: string) => {
    const item = items[Number(digits)];
    if (!item) return text;
    named.add(Number(digits));
    return formatIdentity(item.resource.id);
  });
  const [document] = named;
  return { ...statement, message, ...(named.size === 1 && { document: document! }) };
}
