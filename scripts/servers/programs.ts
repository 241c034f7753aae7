import type { Program } from "./build.ts";

const stamp = (variable: string, minor: string): string =>
  [
    `-X k8s.io/${variable}.gitVersion=v{version}`,
    `-X k8s.io/${variable}.gitMajor=1 -X k8s.io/${variable}.gitMinor=${minor}`,
  ].join(" ");

/** etcd, one version for all API servers. */
export const etcd: Program = {
  name: "etcd",
  version: "3.7.1",
  module: "go.etcd.io/etcd/server/v3",
  package: "",
  ldflags: "",
  takes: "half a minute",
};

/** The API server that tests and drift comparisons use. */
export const kubernetesVersion = "1.36.3";

export type KubernetesProgram = "kube-apiserver" | "kube-controller-manager" | "kubectl";

const takes = {
  "kube-apiserver": "five minutes",
  "kube-controller-manager": "a minute and a half",
  kubectl: "half a minute",
} satisfies Record<KubernetesProgram, string>;

/** A program of Kubernetes at a version, which it also tells when it is asked. */
export function kubernetes(name: KubernetesProgram, version: string = kubernetesVersion): Program {
  const minor = version.split(".")[1]!;
  const variables = ["component-base/version", ...(name === "kubectl" ? ["client-go/pkg/version"] : [])];
  return {
    name,
    version,
    module: "k8s.io/kubernetes",
    package: `/cmd/${name}`,
    ldflags: variables.map((variable) => stamp(variable, minor)).join(" "),
    takes: takes[name],
  };
}

/** Argo CD, all roles in one program: the name it is started by decides which. */
export const argocd: Program = {
  name: "argocd",
  version: "3.6.1",
  module: "github.com/argoproj/argo-cd/v3",
  package: "/cmd",
  ldflags: "-X {module}/common.version={version}",
  // A folder of the same repository, published as a module of its own.
  replaces: [
    "github.com/argoproj/argo-cd/gitops-engine/v3 => github.com/argoproj/argo-cd/gitops-engine/v3 v3.6.1",
  ],
  takes: "six minutes",
};

export type FluxController = "source-controller" | "kustomize-controller";

const fluxVersions = {
  "source-controller": "1.9.3",
  "kustomize-controller": "1.9.5",
} satisfies Record<FluxController, string>;

/** One of Flux's controllers. */
export function flux(name: FluxController): Program {
  const module = `github.com/fluxcd/${name}`;
  return { name, version: fluxVersions[name], module, package: "", ldflags: "", takes: "four minutes" };
}

/** What `--tools` of the npm scripts may name besides pinned tools. */
export const programGroups = {
  /** A control plane and the kubectl of its version. */
  servers: [etcd, kubernetes("kube-apiserver"), kubernetes("kube-controller-manager"), kubernetes("kubectl")],
  /** What reconciles a cluster from Git. */
  controllers: [flux("source-controller"), flux("kustomize-controller"), argocd],
} satisfies Record<string, readonly Program[]>;
