// Which files of a repository are taken for policies, and that none is left out without a word.
import { findPolicies } from "@gitops-actions/fleet";
import { describe, expect, test } from "vitest";
import { type Files, memoryTree } from "../fleet/memory-tree.ts";

const admission = (name: string) =>
  `apiVersion: admissionregistration.k8s.io/v1\nkind: ValidatingAdmissionPolicy\nmetadata: {name: ${name}}\n`;
const rego = 'package main\ndeny contains "no" if input.kind == "Pod"\n';

async function find(files: Files, ...paths: string[]) {
  const found = await findPolicies(memoryTree(files), paths);
  return {
    objects: found.admission.map(({ path, resource }) => `${path} ${resource.id.name}`),
    rego: found.rego.flatMap((set) => set.files.map(({ path }) => path)),
    aside: found.aside.map(({ id, code, message }) => `${id} ${code}: ${message}`),
  };
}

describe("endings", () => {
  test.each([[], ["policies"]])("in other cases are named (policy: %j)", async (...paths) => {
    const {
      objects,
      rego: sets,
      aside,
    } = await find(
      {
        "policies/a.yaml": admission("a"),
        "policies/v.YAML": admission("v"),
        "policies/x.REGO": rego,
        "policies/values.YML": "a: b\n",
        "policies/README.MD": "ValidatingAdmissionPolicy",
      },
      ...paths,
    );
    expect({ objects, sets }).toEqual({ objects: ["policies/a.yaml a"], sets: [] });
    expect(aside).toEqual([
      "policies/v.YAML file-ending: files are read by endings in lower case, so it was not; call it policies/v.yaml",
      "policies/x.REGO file-ending: files are read by endings in lower case, so it was not; call it policies/x.rego",
    ]);
  });
});

describe("links", () => {
  test("to files and folders are followed inside the repository", async () => {
    const found = await find({
      "policies/v.yaml": { link: "../shared/one.yaml" },
      "policies/more": { link: "../shared/folder" },
      "shared/one.yaml": admission("one"),
      "shared/folder/two.yaml": admission("two"),
      "shared/folder/up": { link: "../deep" },
      "shared/deep/three.rego": rego,
      "shared/deep/round": { link: "../folder" },
    });
    expect(found).toEqual({
      objects: ["shared/folder/two.yaml two", "shared/one.yaml one"],
      rego: ["shared/deep/three.rego"],
      aside: [],
    });
  });

  test("to what is found anyway bring nothing twice", async () => {
    const found = await find({
      "policies/a.yaml": admission("a"),
      "policies/b.yaml": { link: "a.yaml" },
      "kyverno/policies": { link: "../policies" },
      "kyverno/c.yaml": { link: "../shared/c.yaml" },
      "kyverno/d.yaml": { link: "../shared/c.yaml" },
      "shared/c.yaml": admission("c"),
    });
    expect(found.objects.sort()).toEqual(["policies/a.yaml a", "shared/c.yaml c"]);
    expect(found.aside).toEqual([]);
  });

  test("that lead elsewhere are named", async () => {
    const { objects, aside } = await find({
      "policies/out.yaml": { link: "../../elsewhere/v.yaml" },
      "policies/root": { link: "/etc/policies" },
      "policies/gone.rego": { link: "none.rego" },
      "policies/round.yaml": { link: "round.yaml" },
      "policies/sub.yaml": { link: "../module/v.yaml" },
      "policies/logo.png": { link: "../../logo.png" },
      module: { submodule: "1".repeat(40) },
    });
    expect(objects).toEqual([]);
    expect(aside.map((line) => line.replace(/ Put the file.*/, ""))).toEqual([
      "policies/gone.rego link: a link that was not followed: it leads to policies/none.rego, which does not exist.",
      "policies/out.yaml link: a link that was not followed: leads above the repository root.",
      "policies/root link: a link that was not followed: it is a link to /etc/policies.",
      "policies/round.yaml link: a link that was not followed: policies/round.yaml stands in the way.",
      "policies/sub.yaml link: a link that was not followed: it leads into the submodule module.",
    ]);
  });
});

test("templates of charts that name policies are told apart: they are no YAML yet", async () => {
  const files = {
    "policies/chart/Chart.yaml": "apiVersion: v2\nname: c\nversion: 0.1.0\n",
    "policies/chart/templates/v.yaml": `${admission("{{ .Values.name }}")}spec: {}\n`,
    "policies/chart/templates/config.yaml": "apiVersion: v1\nkind: ConfigMap\n",
  };
  const { templates, admission: objects } = await findPolicies(memoryTree(files), []);
  expect(objects).toEqual([]);
  expect(templates).toEqual([
    {
      path: "policies/chart/templates/v.yaml",
      chart: "policies/chart",
      kinds: ["ValidatingAdmissionPolicy"],
    },
  ]);
});
