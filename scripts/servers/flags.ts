import { join } from "node:path";
import type { Options } from "./control-plane.ts";
import type { Files } from "./credentials.ts";

/** etcd of one member that does not wait for the disk. */
export function etcdArguments(folder: string, client: number, peer: number): string[] {
  const at = (port: number): string => `http://127.0.0.1:${port}`;
  return [
    ...["--data-dir", join(folder, "etcd"), "--unsafe-no-fsync", "--log-level", "warn"],
    ...["--listen-client-urls", at(client), "--advertise-client-urls", at(client)],
    ...["--listen-peer-urls", at(peer), "--initial-advertise-peer-urls", at(peer)],
    ...["--initial-cluster", `default=${at(peer)}`],
  ];
}

/** kube-apiserver on loopback, with tokens and RBAC. */
export function apiserverArguments(
  folder: string,
  etcd: number,
  port: number,
  files: Files,
  { everyApi, withoutAdmission = [] }: Options,
): string[] {
  return [
    ...["--etcd-servers", `http://127.0.0.1:${etcd}`, "--cert-dir", join(folder, "certificates")],
    ...["--bind-address", "127.0.0.1", "--advertise-address", "127.0.0.1", "--secure-port", String(port)],
    ...["--endpoint-reconciler-type", "none", "--service-cluster-ip-range", "10.0.0.0/16"],
    ...["--token-auth-file", files.tokens, "--authorization-mode", "RBAC"],
    ...["--service-account-issuer", "https://kubernetes.default.svc"],
    ...["--service-account-key-file", files.publicKey],
    ...["--service-account-signing-key-file", files.privateKey],
    ...["--allow-privileged=true", "--event-ttl", "15m", "--enable-priority-and-fairness=false"],
    ...["--disable-admission-plugins", ["ServiceAccount", ...withoutAdmission].join(",")],
    ...(everyApi ? ["--runtime-config", "api/all=true"] : []),
  ];
}

/** kube-controller-manager without what needs nodes or a cloud. */
export function controllerArguments(kubeconfig: string, port: number, privateKey: string): string[] {
  const off = [
    "node-ipam-controller",
    "node-route-controller",
    "service-lb-controller",
    "cloud-node-lifecycle-controller",
  ];
  return [
    ...["--kubeconfig", kubeconfig, "--leader-elect=false", "--bind-address", "127.0.0.1"],
    ...["--secure-port", String(port), "--service-account-private-key-file", privateKey],
    ...["--use-service-account-credentials=false", `--controllers=*,${off.map((name) => `-${name}`).join()}`],
  ];
}
