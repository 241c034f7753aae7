import type { JsonObject } from "@gitops-actions/manifest";
import { describe, expect, test } from "vitest";
import { reviewNeed } from "../../../actions/policy-check/src/gatekeeper/review.ts";

const target = "admission.k8s.gatekeeper.sh";
const template = (rego: string, libs: string[] = []): JsonObject => ({
  spec: { targets: [{ target, rego: `package p\n${rego}`, libs }] },
});
const modern = (rego: string): JsonObject => ({
  spec: { targets: [{ target, code: [{ engine: "Rego", source: { version: "v1", rego } }] }] },
});
const cel = (expression: string, more: JsonObject = {}): JsonObject => {
  const source = {
    validations: [{ expression, message: "the operation request.operation is refused" }],
    ...more,
  };
  return { spec: { targets: [{ target, code: [{ engine: "K8sNativeValidation", source }] }] } };
};
const rule = (body: string, more = "") => template(`violation[{"msg": "m"}] { ${body} }\n${more}`);

describe("a template that decides by what only a request has needs one", () => {
  test.each([
    ["a field", 'input.review.operation == "CREATE"', "operation"],
    ["a field in brackets", 'input.review["operation"] == "CREATE"', "operation"],
    ["all in brackets", 'input["review"]["operation"] == "CREATE"', "operation"],
    ["a raw string", "input.review[`operation`] == `CREATE`", "operation"],
    ["a name for the review", 'r := input.review; r.operation == "CREATE"', "operation"],
    ["a name for the input", 'i := input; i.review.operation == "CREATE"', "operation"],
    ["object.get", 'object.get(input.review, "operation", "") == "CREATE"', "operation"],
    [
      "object.get with a path",
      'object.get(input, ["review", "userInfo", "username"], "") == "a"',
      "userInfo",
    ],
    [
      "object.get within object.get",
      'object.get(object.get(input, "review", {}), "userInfo", {}) != {}',
      "userInfo",
    ],
    [
      "object.get with a name",
      'k := "operation"; object.get(input.review, k, "") == "CREATE"',
      "known only when",
    ],
    ["a name for the field", 'k := "operation"; input.review[k] == "CREATE"', "known only when"],
    ["any field", 'input.review[_] == "CREATE"', "known only when"],
    ["each field", 'some v in input.review; v == "CREATE"', "known only when"],
    ["walk", 'walk(input.review, [path, "CREATE"])', "known only when"],
    ["a pattern", '{"operation": op} = input.review; op == "CREATE"', "operation"],
    ["json.filter", 'json.filter(input.review, ["userInfo/username"]) != {}', "userInfo"],
    ["in brackets, an object", 'input.review["userInfo"].username != "argocd"', "userInfo"],
    ["another kind", 'input.review.requestKind.kind == "Deployment"', "requestKind"],
    ["the resource", 'input.review.resource.resource == "deployments"', "resource"],
    ["a dry run", "not input.review.dryRun", "dryRun"],
    ["options", "input.review.options.force", "options"],
    ["a field that nobody knows", "input.review.somethingNew", "somethingNew"],
    [
      "labels of the namespace",
      'input.review.namespaceObject.metadata.labels.env == "prod"',
      "namespaceObject",
    ],
    ["no operation", 'input.review.operation == ""', "operation"],
    ["a set of operations", 'input.review.operation in {"CREATE", "UPDATE"}', "operation"],
    ["an interpolated string", '$"{input.review.operation}!" == "CREATE!"', "operation"],
    [
      "one of several",
      'input.review.operation == "UPDATE"; input.review.userInfo.username == "a"',
      "userInfo",
    ],
  ])("%s", (_, body, need) => {
    expect(reviewNeed(rule(body))).toContain(need);
  });

  test("in a function that is given the review, here or in a library", () => {
    const body = "is_create(input.review)";
    const given = 'is_create(r) { r.operation == "CREATE" }';
    expect(reviewNeed(rule(body, given))).toContain("operation");
    expect(
      reviewNeed(template(`violation[{"msg": "m"}] { ${body} }`, [`package lib.l\n${given}`])),
    ).toContain("operation");
    expect(reviewNeed(rule(body, 'is_create({"operation": "CREATE"}) { true }'))).toContain("operation");
    expect(
      reviewNeed(template('import input.review as r\nviolation[{"msg": "m"}] { r.userInfo.uid }')),
    ).toContain("userInfo");
    expect(
      reviewNeed(modern('violation contains {"msg": "m"} if input.review.operation == "CREATE"')),
    ).toContain("operation");
  });

  test("by parameters of its constraints", () => {
    const operations = rule('input.review.operation == input.parameters.operations[_]; x := "UPDATE"');
    const fields = rule("r := input.review; r[input.parameters.field]");
    const constraint = (parameters: JsonObject): JsonObject => ({ spec: { parameters } });
    expect(reviewNeed(operations, [constraint({ operations: ["UPDATE"] })])).toBeUndefined();
    expect(reviewNeed(operations, [constraint({ operations: ["UPDATE", "CREATE"] })])).toContain("operation");
    expect(reviewNeed(fields, [constraint({ field: "object" })])).toBeUndefined();
    expect(reviewNeed(fields, [constraint({ field: "userInfo" })])).toContain("userInfo");
  });

  test.each([
    ["request.operation == 'CREATE'", "operation"],
    ["request.?operation.orValue('') == 'CREATE'", "operation"],
    ["request['operation'] == 'CREATE'", "operation"],
    ["request[?'operation'].orValue('CREATE') == 'x'", "operation"],
    ["has(request.userInfo) && request . userInfo.username == 'a'", "userInfo"],
    ["[request].all(r, r.userInfo.username == 'a')", "userInfo"],
    ["request[variables.field] == 'CREATE'", "known only when"],
    ["request.dryRun == true || request.name != 'web'", "dryRun"],
    ["authorizer.path('/healthz').check('get').allowed()", "authorizer"],
    ["namespaceObject.metadata.labels['env'] == 'prod'", "namespaceObject"],
  ])("in CEL: %s", (expression, need) => {
    expect(reviewNeed(cel(expression))).toContain(need);
    const variables = [{ name: "v", expression }];
    expect(reviewNeed(cel("variables.v", { variables }))).toContain(need);
    expect(reviewNeed(cel("false", { matchCondition: [{ name: "c", expression }] }))).toContain(need);
  });
});

describe("a template that looks at the object, or asks for changes, needs none", () => {
  test.each([
    ["the object", "input.review.object.spec.replicas > input.parameters.max"],
    [
      "its options, and other fields that are called like those of a request",
      "d := input.review.object.spec.dnsConfig; d.options[_].name; input.review.object.spec.resource",
    ],
    [
      "kind, name and namespace",
      'input.review.kind.kind == "Pod"; input.review.name; input.review.namespace',
    ],
    ["a name for the object", 'o := input.review.object; o.operation == "CREATE"; o.userInfo'],
    ["object.get of the object", 'object.get(input.review.object, "operation", "x") == "x"'],
    ["object.get of the review", 'object.get(input.review, ["object", "spec"], {}) == {}'],
    ["an update", 'input.review.operation == "UPDATE"'],
    ["a deletion, the other way round", '"DELETE" == input.review["operation"]'],
    [
      "no update, though there is something that is called CREATE",
      'input.review.operation != "UPDATE"; input.review.object.x == "CREATE"',
    ],
    ["changes", 'input.review.operation in {"UPDATE", "DELETE"}'],
    ["object.get of an update", 'op := object.get(input.review, "operation", ""); op == "UPDATE"'],
    ["a comment", '# input.review.operation == "CREATE"\ninput.review.object'],
    ["a text", 'msg := "input.review.operation # \\" userInfo"; input.review.object'],
    ["data", 'data.inventory.cluster.v1.Namespace[input.review.namespace].metadata.labels["operation"]'],
    ["what was there before", "input.review.oldObject.spec != input.review.object.spec"],
    ["an index of the object", "input.review.object.metadata.labels[input.parameters.label]"],
    ["a rule named like a field", "userInfo(input.review.object)"],
  ])("%s", (_, body) => {
    expect(reviewNeed(rule(body))).toBeUndefined();
  });

  test("as the library of Gatekeeper leaves updates out", () => {
    const exclude =
      'package lib.exclude_update\nimport data.lib.helpers\nis_update(review) { review.operation == "UPDATE" }';
    const body = 'violation[{"msg": "m"}] { not is_update(input.review); input.review.object.spec.hostPID }';
    expect(reviewNeed(template(body, [exclude]))).toBeUndefined();
  });

  test.each([
    "object.spec.replicas > 1 && request.name != 'web' && request.kind.kind == 'Deployment'",
    "request.operation == 'UPDATE' ? oldObject.spec == object.spec : true",
    "object.spec.request.operation == 'CREATE'",
    "'request.operation' in object.metadata.annotations",
    "variables.anyObject.metadata.namespace in variables.params.namespaces",
  ])("in CEL: %s", (expression) => {
    expect(reviewNeed(cel(expression))).toBeUndefined();
  });
});
