// Which overlays a run is for: a name that is none, or no name where there are several, must not come out clean.
import { defaults, requireSelection } from "@gitops-actions/drift-report";
import { parseConfig } from "@gitops-actions/fleet";
import { describe, expect, test } from "vitest";

const named = "version: 1\nenvironments: [dev, {name: staging, from: dev}, {name: prod, clusters: [eu-1]}]\n";

/** Why the inputs are refused; undefined where they are not. Overlays as `environment/cluster`, either may be empty. */
function refusal(
  given: { environment?: string; cluster?: string },
  places: string[],
  settings = "version: 1\n",
): string | undefined {
  const overlays = places.map((place) => {
    const [environment, cluster] = place.split("/");
    return { ...(environment && { environment }), ...(cluster && { cluster }) };
  });
  try {
    requireSelection(overlays, parseConfig(settings, "gitops.yaml"), { ...defaults, ...given });
    return undefined;
  } catch (error) {
    expect((error as Error).name).toBe("UsageError");
    return (error as Error).message;
  }
}

describe("an environment", () => {
  test("that is none is refused, with the names there are", () => {
    expect(refusal({ environment: "production" }, ["dev", "staging", "prod", ""], named)).toBe(
      "there is no environment production: gitops.yaml names dev, staging, prod.",
    );
    expect(refusal({ environment: "production" }, ["prod", "dev", "", "dev"])).toBe(
      "there is no environment production: the overlays are of dev, prod.",
    );
    expect(refusal({ environment: "Prod" }, ["test"], named)).toBe(
      "there is no environment Prod: gitops.yaml names dev, staging, prod; the overlays are of test.",
    );
  });

  test("that an overlay has, or that gitops.yaml names, is one", () => {
    expect(refusal({ environment: "prod" }, ["dev", "prod"])).toBeUndefined();
    expect(refusal({ environment: "staging" }, ["dev", "prod"], named)).toBeUndefined();
    expect(refusal({ environment: "test" }, ["test"], named)).toBeUndefined();
  });

  test("is only a name where nothing has one: then every overlay is compared", () => {
    expect(refusal({ environment: "prod" }, ["", ""])).toBeUndefined();
  });

  test("must be said where the overlays are of several, in the order of gitops.yaml", () => {
    const all = ["prod", "staging", "dev", "", "prod"];
    expect(refusal({}, all, named)).toBe(
      "the repository has dev, staging and prod: say which one this cluster is with `environment` (-e)",
    );
    expect(refusal({}, ["prod", "dev"])).toMatch(/^the repository has dev and prod: say which/);
    expect(refusal({ cluster: "eu-1" }, [...all, "prod/eu-1"], named)).toBeUndefined();
  });

  test("need not be said where there is one, or none", () => {
    expect(refusal({}, ["prod", "", "prod"], named)).toBeUndefined();
    expect(refusal({}, ["", ""], named)).toBeUndefined();
    expect(refusal({}, [])).toBeUndefined();
  });
});

test("a cluster that is none is refused, with the names there are", () => {
  expect(refusal({ cluster: "eu-2" }, ["prod/us-1", "prod"], named)).toBe(
    "there is no cluster eu-2: gitops.yaml names eu-1; the overlays are of us-1.",
  );
  expect(refusal({ cluster: "us-1" }, ["prod/us-1", "prod"], named)).toBeUndefined();
  expect(refusal({ cluster: "eu-1" }, ["prod"], named)).toBeUndefined();
  expect(refusal({ cluster: "eu-2" }, ["prod", "dev"])).toBeUndefined();
});
