import { childEnvironment } from "../environment.ts";
import type { Machine } from "../machine.ts";

/** What kubectl and the credential plugins of kubeconfigs read; their own files stand below the person's HOME. */
const names = ["HOME", "KUBECONFIG", "USER", "LOGNAME", "XDG_CONFIG_HOME", "USE_GKE_GCLOUD_AUTH_PLUGIN"];
const prefixes = /^(?:AWS|AZURE|ARM|AAD|GOOGLE|CLOUDSDK|KUBERNETES_SERVICE)_/;

/** The environment of kubectl: what its plugins need of the clouds, and nothing of GitHub's. */
export function kubectlEnvironment(machine: Machine): Record<string, string> {
  const clouds = Object.keys(machine.env).filter((name) => prefixes.test(name));
  return { ...childEnvironment(machine, [...names, ...clouds.sort()]), KUBECTL_KUBERC: "false" };
}
