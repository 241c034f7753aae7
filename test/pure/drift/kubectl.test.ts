import { failureOf, failureOfError, parseDiscovery, parsePage } from "@gitops-actions/engine";
import { describe, expect, test } from "vitest";

// Bodies as a kube-apiserver 1.36.3 and kubectl proxy 1.36.3 gave them.
const status = (code: number, reason: string, message: string): string =>
  JSON.stringify({
    kind: "Status",
    apiVersion: "v1",
    metadata: {},
    status: "Failure",
    message,
    reason,
    code,
  });

describe("what a failed read means", () => {
  test.each([
    [401, status(401, "Unauthorized", "Unauthorized"), "unauthorised"],
    [
      403,
      status(403, "Forbidden", 'secrets is forbidden: User "reader" cannot list resource "secrets"'),
      "forbidden",
    ],
    [404, "404 page not found\n", "unknown-kind"],
    [410, status(410, "Expired", "The provided continue parameter is too old"), "page-expired"],
    [429, status(429, "TooManyRequests", "please try again later"), "throttled"],
    [500, "dial tcp 127.0.0.1:6443: connect: connection refused\n", "unreachable"],
    [500, "tls: failed to verify certificate: x509: certificate is valid for a, not b\n", "certificate"],
    [500, "getting credentials: exec: executable aws failed with exit code 255\n", "unauthorised"],
    [500, "net/http: TLS handshake timeout\n", "timeout"],
    [500, status(500, "InternalError", "etcdserver: leader changed"), "server-error"],
    [503, "service unavailable\n", "server-error"],
    [504, status(504, "Timeout", "the request timed out"), "timeout"],
  ])("%i %s", (code, body, expected) => {
    expect(failureOf(code, body)).toMatchObject({ code: expected, message: expect.stringMatching(/\S/) });
  });

  test("no answer, and half of one", () => {
    expect(failureOfError(Object.assign(new Error("aborted"), { code: "ECONNRESET" })).code).toBe(
      "incomplete",
    );
    expect(failureOfError(new DOMException("x", "TimeoutError")).code).toBe("timeout");
    expect(failureOfError(Object.assign(new Error("connect"), { code: "ENOENT" })).code).toBe("unreachable");
  });
});

describe("a page of a list", () => {
  const list = {
    kind: "ConfigMapList",
    apiVersion: "v1",
    metadata: { resourceVersion: "7", continue: "abc", remainingItemCount: 1 },
    items: [{ metadata: { name: "a" } }],
  };

  test("has objects that name their kind, and the token of the next", () => {
    expect(parsePage(JSON.stringify(list), "ConfigMap")).toEqual({
      objects: [{ apiVersion: "v1", kind: "ConfigMap", metadata: { name: "a" } }],
      next: "abc",
    });
    expect(parsePage(JSON.stringify({ ...list, metadata: {}, items: null }), "ConfigMap")).toEqual({
      objects: [],
      next: undefined,
    });
  });

  test("is none when it is cut, of another kind, or no list", () => {
    const text = JSON.stringify(list);
    for (const body of [
      text.slice(0, -1),
      "",
      "[]",
      "null",
      status(200, "", ""),
      '{"kind":"ConfigMapList"}',
      '{"kind":"ConfigMap","items":[]}',
    ])
      expect(parsePage(body, "ConfigMap"), body).toBeUndefined();
  });
});

describe("discovery", () => {
  const apis = {
    kind: "APIGroupDiscoveryList",
    apiVersion: "apidiscovery.k8s.io/v2",
    metadata: {},
    items: [
      {
        metadata: { name: "apps" },
        versions: [
          {
            version: "v1",
            freshness: "Current",
            resources: [
              {
                resource: "deployments",
                responseKind: { group: "apps", version: "v1", kind: "Deployment" },
                scope: "Namespaced",
                verbs: ["get", "list"],
                subresources: [{ subresource: "scale" }],
              },
            ],
          },
        ],
      },
      { metadata: { name: "metrics.k8s.io" }, versions: [{ version: "v1beta1", freshness: "Stale" }] },
    ],
  };

  test("says how kinds are asked for, and which servers do not answer", () => {
    const core = {
      ...apis,
      items: [
        {
          metadata: {},
          versions: [
            {
              version: "v1",
              resources: [
                {
                  resource: "namespaces",
                  responseKind: { kind: "Namespace" },
                  scope: "Cluster",
                  verbs: ["list"],
                },
              ],
            },
          ],
        },
      ],
    };
    const served = parseDiscovery(JSON.stringify(core), JSON.stringify(apis));
    expect(served?.kinds.get("apps/v1/Deployment")).toEqual({
      plural: "deployments",
      namespaced: true,
      listable: true,
    });
    expect(served?.kinds.get("/v1/Namespace")).toEqual({
      plural: "namespaces",
      namespaced: false,
      listable: true,
    });
    expect([...(served?.stale ?? [])]).toEqual(["metrics.k8s.io"]);
  });

  test("is not made up of what is no discovery", () => {
    expect(parseDiscovery("{}")).toBeUndefined();
    expect(parseDiscovery("<html>")).toBeUndefined();
  });
});
