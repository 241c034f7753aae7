import type { ToolName } from "./pins.ts";

/** Where each tool's own output has its version; the first group is the version without `v`. */
const patterns = {
  // v5.8.2, and {Version:kustomize/v4.5.7 GitCommit:... } up to 4.5
  kustomize: /^(?:\{Version:kustomize\/)?v(\d\S*)/,
  helm: /^v(\d[^\s+]*)/,
  kubeconform: /^v(\d\S*)/,
  // Vendors add to Kubernetes' version (v1.32.4-dispatcher, v1.33.1-eks-1234567): not what semver calls a pre-release.
  kubectl: /"gitVersion":\s*"v(\d+\.\d+\.\d+)/,
  conftest: /^Conftest: v?(\d\S*)/m,
  opa: /^Version: (\d\S*)/m,
  kyverno: /^Version: v?(\d\S*)/m,
  gator: /gator\/v?(\d[^\s+]*)/,
  act: /^act version (\d\S*)/,
  actionlint: /^v?(\d\S*)/,
} satisfies Record<ToolName, RegExp>;

/** The version in what a tool prints when asked for it, without `v`; undefined when it is not there. */
export function parseVersion(name: ToolName, output: string): string | undefined {
  return patterns[name].exec(output.trim())?.[1];
}
