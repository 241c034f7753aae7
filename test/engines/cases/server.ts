import { request } from "node:https";
import type { JsonObject } from "@gitops-actions/manifest";
import type { ControlPlane } from "../../../scripts/servers/control-plane.ts";
import type { AdmissionCase } from "./admission.ts";

const plurals: Record<string, string> = {
  Deployment: "apis/apps/v1/namespaces/{}/deployments",
  ConfigMap: "api/v1/namespaces/{}/configmaps",
  Limit: "apis/rules.example.com/v1/namespaces/{}/limits",
  HorizontalPodAutoscaler: "apis/autoscaling/v2/namespaces/{}/horizontalpodautoscalers",
  ClusterRole: "apis/rbac.authorization.k8s.io/v1/clusterroles",
  Namespace: "api/v1/namespaces",
  CustomResourceDefinition: "apis/apiextensions.k8s.io/v1/customresourcedefinitions",
  Lease: "apis/coordination.k8s.io/v1/namespaces/{}/leases",
  ValidatingAdmissionPolicy: "apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies",
  ValidatingAdmissionPolicyBinding: "apis/admissionregistration.k8s.io/v1/validatingadmissionpolicybindings",
};

function pathOf(object: JsonObject): string {
  const { namespace } = object.metadata as { namespace?: string };
  return `/${plurals[String(object.kind)]!.replace("{}", namespace ?? "default")}`;
}

interface Answer {
  status: number;
  message: string;
  warnings: string[];
}

/** Creates an object as the administrator; with `dryRun` only the server's admission sees it. */
export function create(plane: ControlPlane, object: JsonObject, dryRun = false): Promise<Answer> {
  const text = JSON.stringify(object);
  const headers = {
    authorization: `Bearer ${plane.address.tokens.admin}`,
    ...{ "content-type": "application/json", "content-length": Buffer.byteLength(text) },
  };
  const url = `${plane.url}${pathOf(object)}${dryRun ? "?dryRun=All" : ""}`;
  return new Promise((resolve, reject) => {
    // The server signs its own certificate; both ends are this machine.
    const call = request(url, { method: "POST", headers, rejectUnauthorized: false }, (answer) => {
      const chunks: Buffer[] = [];
      answer.on("data", (chunk: Buffer) => chunks.push(chunk));
      answer.on("end", () => {
        const said = Buffer.concat(chunks).toString("utf8");
        const { message = said } = (said.startsWith("{") ? JSON.parse(said) : {}) as { message?: string };
        const warnings = [answer.headers.warning ?? []].flat();
        resolve({ status: answer.statusCode ?? 0, message, warnings });
      });
    });
    call.on("error", reject);
    call.end(text);
  });
}

/** Creates what must be there; what is there already stays. */
export async function install(plane: ControlPlane, objects: readonly JsonObject[]): Promise<void> {
  for (const object of objects) {
    const { status, message } = await create(plane, object);
    if (status >= 300 && status !== 409) throw new Error(`${JSON.stringify(object)}: ${message}`);
  }
}

/**
 * What the API server's admission says of a case's resources: `pass`, `deny MESSAGE`, `warn MESSAGE`; and with which
 * message it refuses the policy or a binding.
 */
export async function askServer(
  plane: ControlPlane,
  { id, policy, bindings, resources }: AdmissionCase,
): Promise<{ verdicts: Record<string, string>; refused?: string }> {
  const installed: JsonObject[] = [];
  let refused: string | undefined;
  for (const object of [policy, ...bindings]) {
    const { status, message } = await create(plane, object);
    if (status < 300) installed.push(object);
    else refused ??= message;
  }
  const verdicts: Record<string, string> = {};
  try {
    await mark(plane, id, installed);
    for (const resource of resources) {
      const { name } = resource.metadata as { name: string };
      verdicts[name] = await admit(plane, resource);
    }
  } finally {
    for (const object of installed.toReversed())
      await plane.send("DELETE", `${pathOf(object)}/${(object.metadata as { name: string }).name}`);
  }
  return { verdicts, ...(refused !== undefined && { refused }) };
}

/** A policy that is installed last and refuses one name: once it does so, all that came before is active too. */
async function mark(plane: ControlPlane, id: string, installed: JsonObject[]): Promise<void> {
  const name = `marker-${id}`;
  const group = "admissionregistration.k8s.io/v1";
  const objects: JsonObject[] = [
    {
      ...{ apiVersion: group, kind: "ValidatingAdmissionPolicy", metadata: { name } },
      spec: {
        matchConstraints: {
          resourceRules: [
            {
              apiGroups: ["coordination.k8s.io"],
              apiVersions: ["v1"],
              operations: ["CREATE"],
              resources: ["leases"],
              resourceNames: [name],
            },
          ],
        },
        validations: [{ expression: "false", message: "active" }],
      },
    },
    {
      ...{ apiVersion: group, kind: "ValidatingAdmissionPolicyBinding", metadata: { name } },
      spec: { policyName: name, validationActions: ["Deny"] },
    },
  ];
  installed.push(...objects);
  await install(plane, objects);
  // What a case's own policies say of it must not be taken for the marker.
  const labels = { team: "marker" };
  const probe = { apiVersion: "coordination.k8s.io/v1", kind: "Lease", metadata: { name, labels } };
  for (let attempt = 0; attempt < 300; attempt++) {
    const { message } = await create(plane, probe, true);
    if (message.endsWith("denied request: active")) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error("the API server did not begin to enforce policies within 15 s");
}

async function admit(plane: ControlPlane, resource: JsonObject): Promise<string> {
  for (let attempt = 0; ; attempt++) {
    const { status, message, warnings } = await create(plane, resource, true);
    // Parameters are watched from the moment on in which a policy asks for them.
    if (/not yet synced|failed to configure (?:policy|binding)/.test(message) && attempt < 100) {
      await new Promise((resolve) => setTimeout(resolve, 50));
      continue;
    }
    const denied = /^.*? denied request: (.*)$/s.exec(message)?.[1];
    if (denied !== undefined) return `deny ${denied}`;
    if (status >= 300) return `deny ${message}`;
    const texts = warnings.join().matchAll(/299 - "((?:[^"\\]|\\.)*)"/g);
    const said = [...texts].map(([, text]) => /with binding '[^']*': (.*)$/.exec(text!)?.[1]).find(Boolean);
    return said === undefined ? "pass" : `warn ${said}`;
  }
}
