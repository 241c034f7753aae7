import type { ToolName } from "@gitops-actions/engine";
import { expect, test } from "vitest";
import { parseVersion } from "../../../packages/engine/src/tools/version.ts";

/** What the programs print, as recorded; opa after the format string of its source. */
const printed: [ToolName, string, string | undefined][] = [
  ["kustomize", "v5.8.2\n", "5.8.2"],
  [
    "kustomize",
    "{Version:kustomize/v4.5.7 GitCommit:56d82a8378dfc8dc3b3b1085e5a6e67b82966bd7 BuildDate:2022-08-02T16:35:54Z GoOs:linux GoArch:amd64}\n",
    "4.5.7",
  ],
  ["kustomize", "(devel)\n", undefined],
  ["helm", "v4.3.0", "4.3.0"],
  ["helm", "v3.22.0+gabc1234", "3.22.0"],
  ["helm", "v4.4.0-rc.1", "4.4.0-rc.1"],
  ["helm", 'Error: unknown command "template"', undefined],
  ["kubeconform", "v0.8.0\n", "0.8.0"],
  ["kubeconform", "development\n", undefined],
  [
    "kubectl",
    '{\n  "clientVersion": {\n    "major": "1",\n    "minor": "32+",\n    "gitVersion": "v1.32.4-dispatcher",\n    "platform": "linux/amd64"\n  },\n  "kustomizeVersion": "v5.5.0"\n}\n',
    "1.32.4",
  ],
  ["act", "act version 0.2.89\n", "0.2.89"],
  ["act", "act version \n", undefined],
  [
    "actionlint",
    "v1.7.12\ninstalled by building from source\nbuilt with go1.26.8 compiler for linux/amd64\n",
    "1.7.12",
  ],
  [
    "actionlint",
    "1.7.12\ninstalled by downloading from release page\nbuilt with go1.26.1 compiler for linux/amd64\n",
    "1.7.12",
  ],
  ["conftest", "Conftest: 0.70.1\nOPA: 1.20.2\n", "0.70.1"],
  ["opa", "Version: 1.21.0\nBuild Commit: \nRego Version: v1\n", "1.21.0"],
  ["gitleaks", "8.30.1\n", "8.30.1"],
  ["gitleaks", "version is set by build process\n", undefined],
  [
    "kubectl-validate",
    "path\tsigs.k8s.io/kubectl-validate\nmod\twrapper\t(devel)\t\ndep\tsigs.k8s.io/kubectl-validate\tv0.0.4\th1:x=\n",
    "0.0.4",
  ],
  ["kyverno", "Version: v1.19.1\nTime: ---\nGit commit ID: ---\n", "1.19.1"],
  [
    "gator",
    "gator version v3.23.1 (Feature State: beta), opa/v1.17.1, frameworks/v0.0.0-20260616163050-e1eaa1bf6d62\n",
    "3.23.1",
  ],
];

test.each(printed)("%s: %j", (name, output, version) => {
  expect(parseVersion(name, output)).toBe(version);
});
