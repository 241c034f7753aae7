import { expect, test } from "vitest";
import { layoutOf } from "../../../packages/fleet/src/discover/place.ts";
import { compilePattern, unknownPlaceholders } from "../../../packages/fleet/src/pattern.ts";

test.each([
  ["apps/web/overlays/prod", { app: "web", environment: "prod" }],
  ["web/overlays/eu-1", { app: "web", environment: "eu-1" }],
  ["overlays/prod/web", { app: "web", environment: "prod" }],
  ["overlays/prod", { environment: "prod" }],
  ["environments/staging/web", { app: "web", environment: "staging" }],
  ["envs/dev", { environment: "dev" }],
  ["clusters/prod-eu/web", { app: "web", environment: "prod", cluster: "prod-eu" }],
  ["clusters/alpha", { cluster: "alpha" }],
  ["apps/production", { environment: "production" }],
  ["apps/web/prod", { app: "web", environment: "prod" }],
  ["apps/team/web/app", { app: "web" }],
  ["apps/prod/web", { app: "web", environment: "prod" }],
  ["k8s/web/base", { app: "web" }],
  ["test/cases/web", { app: "web" }],
  ["web/test", { app: "web", environment: "test" }],
  ["deploy/overlays/dev", { environment: "dev" }],
  [".", {}],
])("%s", (path, place) => {
  expect(layoutOf(path)).toEqual(place);
});

test("configured names are environments wherever they stand", () => {
  expect(layoutOf("apps/web/blue", new Set(["blue"]))).toEqual({ app: "web", environment: "blue" });
});

test.each([
  ["apps/{app}/overlays/{environment}", "apps/web/overlays/prod", { app: "web", environment: "prod" }],
  ["apps/{app}/overlays/{environment}", "apps/web/overlays/prod/x", undefined],
  ["**/overlays/{environment}", "a/b/overlays/dev", { environment: "dev" }],
  ["**/overlays/{environment}", "overlays/dev", { environment: "dev" }],
  ["{app}-{environment}", "web-ui-prod", { app: "web", environment: "ui-prod" }],
  ["{app}/{app}-{environment}", "web/web-prod", { app: "web", environment: "prod" }],
  ["{app}/{app}-{environment}", "web/api-prod", undefined],
  ["infra/*", "infra/net", {}],
  ["infra/*", "infra/net/x", undefined],
  ["infra/**", "infra/net/x", {}],
  ["a.b/{app}", "aXb/web", undefined],
  ["apps/{app}/", "apps/web", { app: "web" }],
])("the pattern %s and the path %s", (pattern, path, captured) => {
  expect(compilePattern(pattern).match(path)).toEqual(captured);
});

test("placeholders that are none", () => {
  expect(unknownPlaceholders("{app}/{env}/{}")).toEqual(["env", ""]);
});
