import { readFileSync } from "node:fs";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import type { ControlPlane } from "./control-plane.ts";

export interface Injector {
  stop(): Promise<void>;
}

/**
 * A mutating webhook on loopback that does to Deployments of namespaces labelled `inject: "yes"` what sidecar injectors
 * do, and takes images from a mirror. It shows the API server's own certificate, which is for 127.0.0.1.
 */
export async function startInjector({ address, send }: ControlPlane): Promise<Injector> {
  const certificates = join(address.folder, "certificates");
  const [key, cert] = ["apiserver.key", "apiserver.crt"].map((name) =>
    readFileSync(join(certificates, name)),
  );
  const server = createServer({ key, cert }, (request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const review = JSON.parse(Buffer.concat(chunks).toString("utf8"));
      const patch = Buffer.from(JSON.stringify(patchFor(review.request.object))).toString("base64");
      const answer = { uid: review.request.uid, allowed: true, patchType: "JSONPatch", patch };
      response.setHeader("content-type", "application/json");
      response.end(JSON.stringify({ apiVersion: review.apiVersion, kind: review.kind, response: answer }));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const { status, body } = await send(
    "POST",
    "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations",
    {
      apiVersion: "admissionregistration.k8s.io/v1",
      kind: "MutatingWebhookConfiguration",
      metadata: { name: "injector" },
      webhooks: [
        {
          name: "injector.example.org",
          clientConfig: { url: `https://127.0.0.1:${port}/`, caBundle: address.authority },
          rules: [
            {
              apiGroups: ["apps"],
              apiVersions: ["v1"],
              operations: ["CREATE", "UPDATE"],
              resources: ["deployments"],
            },
          ],
          namespaceSelector: { matchLabels: { inject: "yes" } },
          sideEffects: "None",
          admissionReviewVersions: ["v1"],
          failurePolicy: "Fail",
        },
      ],
    },
  );
  if (status !== 201) throw new Error(JSON.stringify(body));
  return {
    stop: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

interface Workload {
  spec: { template: { spec: { containers: { name: string; image: string }[] } } };
}

function patchFor({ spec }: Workload): object[] {
  const { containers } = spec.template.spec;
  const at = "/spec/template/spec/containers";
  const mirrored = containers.flatMap(({ image }, index) =>
    image.startsWith("upstream/")
      ? [{ op: "replace", path: `${at}/${index}/image`, value: image.replace("upstream/", "mirror/") }]
      : [],
  );
  const isThere = containers.some(({ name }) => name === "sidecar");
  return [
    ...mirrored,
    ...(isThere ? [] : [{ op: "add", path: `${at}/-`, value: { name: "sidecar", image: "proxy:1" } }]),
  ];
}
