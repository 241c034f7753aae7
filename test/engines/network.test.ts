// Kyverno's policies can ask servers while they are evaluated. None may be asked from here, loopback included, where
// proxies do not stand in the way; and what needs an answer is failed, never a pass.
import { describe, expect, onTestFinished, test } from "vitest";
import { listen } from "../bundles/stage.ts";
import { check, failures, lines } from "../tools/policy/stage.ts";

const pod =
  'apiVersion: v1\nkind: Pod\nmetadata: {name: web, namespace: shop}\nspec: {containers: [{name: app, image: "HOST/web:1"}]}\n';
const classic = (context: string, variable = "answer") => `apiVersion: kyverno.io/v1
kind: ClusterPolicy
metadata: {name: asks}
spec:
  validationFailureAction: Enforce
  rules:
  - name: asks
    match: {any: [{resources: {kinds: [Pod]}}]}
    context:
    - name: answer
      ${context}
    validate:
      message: "said {{ ${variable} }}"
      deny: {conditions: {any: [{key: "{{ ${variable} }}", operator: NotEquals, value: nothing}]}}
`;
const cel = (variable: string) => `apiVersion: policies.kyverno.io/v1
kind: ValidatingPolicy
metadata: {name: asks}
spec:
  validationActions: [Deny]
  matchConstraints: {resourceRules: [{apiGroups: [""], apiVersions: [v1], operations: [CREATE], resources: [pods]}]}
  variables: [{name: answer, expression: ${JSON.stringify(variable)}}]
  validations: [{expression: "variables.answer == 'nothing'", message: said}]
`;

const asking = {
  "a service": (host: string) => classic(`apiCall: {method: GET, service: {url: "http://${host}/answer"}}`),
  "the API server": () => classic('apiCall: {urlPath: "/api/v1/namespaces"}'),
  "a registry": (host: string) => classic(`imageRegistry: {reference: "${host}/web:1"}`),
  "a ConfigMap": () => classic("configMap: {name: settings, namespace: shop}", "answer.data.level"),
  "for what no ConfigMap has": () => classic("configMap: {name: settings, namespace: shop}"),
  "a service, in CEL": (host: string) => cel(`string(http.Get('http://${host}/answer'))`),
  "a registry, in CEL": (host: string) => cel(`string(image.GetMetadata('${host}/web:1').resolvedImage)`),
  "the API server, in CEL": () => cel("string(resource.Get('v1', 'configmaps', 'shop', 'settings').data.a)"),
};

describe("a Kyverno policy that asks", () => {
  test.each(Object.entries(asking))("%s gets no answer, and no verdict", async (_, policy) => {
    const server = await listen('HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n"nothing"');
    onTestFinished(() => server.close());
    const host = `127.0.0.1:${server.port}`;
    const report = await check(
      { "policies/kyverno/p.yaml": policy(host), "manifests/a.yaml": pod.replace("HOST", host) },
      { engines: ["kyverno"], timeLimitSeconds: 60 },
    );
    expect(server.seen, "who was asked").toEqual([]);
    expect(report.verdict, [...lines(report), ...failures(report)].join("\n")).toBe("incomplete");
  });
});
