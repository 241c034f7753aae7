// Makes the same changes by hand to what Flux and Argo CD have applied, and asks four programs what they see.
//
//   node scripts/run.mjs --tools kustomize,helm,servers,controllers scripts/drift/verdicts/main.ts [--by MANAGER]
//
// MANAGER is the field manager of most changes, kubectl-edit where none is given. Prints the table of docs/drift.md. Exit status 1 when drift-report does not say what it should.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { markdownTable } from "markdown-table";
import { reportDrift } from "../../../test/cluster/report.ts";
import { startControlPlane } from "../../servers/control-plane.ts";
import { untilSynced } from "../../servers/controllers/application.ts";
import { startArgoCd } from "../../servers/controllers/argocd.ts";
import { must } from "../../servers/controllers/definitions.ts";
import { createRepository } from "../../servers/controllers/repository.ts";
import { createArgoApplication, startDelivery } from "../delivery.ts";
import { askArgoCd, askDriftReport, askFlux, askKubectl, type Shown } from "./ask.ts";
import { changes } from "./changes.ts";
import { widgetDefinition } from "./objects.ts";
import { makeChange, manifestFor, namesOf, pathOf } from "./stage.ts";

const { values } = parseArgs({ options: { by: { type: "string", default: "kubectl-edit" } } });
const work = mkdtempSync(join(tmpdir(), "drift-verdicts-"));
const plane = await startControlPlane({ controllers: true });
const stops: (() => void)[] = [];
try {
  const repository = createRepository(work, "verdicts");
  for (const by of ["byflux", "byargo"]) repository.write(`${by}/all.yaml`, manifestFor(by));
  repository.push("all");
  const definitions = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
  await must(plane.send, "POST", definitions, widgetDefinition);
  for (const name of ["byflux", "byargo"])
    await must(plane.send, "POST", "/api/v1/namespaces", {
      apiVersion: "v1",
      kind: "Namespace",
      metadata: { name },
    });

  const flux = await startDelivery("flux", plane, repository);
  stops.push(flux.stop);
  const argo = await startArgoCd(plane, { server: true });
  stops.push(argo.stop);
  await flux.deliver(["byflux"], 120);
  await createArgoApplication(plane.send, repository, "byargo", []);
  await untilSynced(argo, plane.send, "byargo");

  const clean = await reportDrift(repository.folder, plane);
  if (clean.drifted !== "false" || clean.counts.notChecked > 0)
    throw new Error(JSON.stringify(clean.report.findings));
  const askDiffs = (): Shown[] => [
    askKubectl(plane.kubeconfig(), join(repository.folder, "byargo/all.yaml"), []),
    askKubectl(plane.kubeconfig(), join(repository.folder, "byflux/all.yaml"), [
      ...["--server-side", "--force-conflicts", "--field-manager=kustomize-controller"],
    ]),
    askArgoCd(argo.cli!, "byargo"),
  ];
  const diffsBefore = askDiffs();
  const before = await Promise.all(
    changes.map(async (_, index) => (await plane.send("GET", pathOf("byflux", index))).body),
  );
  for (const by of ["byflux", "byargo"])
    for (const [index, change] of changes.entries())
      await makeChange(plane.send, by, index, { by: values.by, ...change });

  const ours = await reportDrift(repository.folder, plane);
  const diffs = askDiffs();
  const fluxSays = await askFlux(plane.send, flux.processes, "byflux", before);

  let wrong = 0;
  const rows = changes.map(({ what, expected }, index) => {
    const said = ["byflux", "byargo"].map((by) => askDriftReport(ours, namesOf(by, index)));
    const good = said.every(
      ({ rules }) => rules.join() === (expected === "owned" || expected === "nothing" ? "" : expected),
    );
    if (!good) {
      wrong++;
      console.error(`${what}: expected ${expected}, drift-report says ${JSON.stringify(said)}`);
    }
    // A diff that shows the same before the change does not show the change.
    const sees = (column: number, by: string): string =>
      namesOf(by, index).some((name) => diffs[column]!.get(name) !== diffsBefore[column]!.get(name))
        ? "yes"
        : "-";
    const { rules, who } = said[0]!;
    const word = rules.length > 0 ? rules.join(", ") : expected === "owned" ? "owned by others" : "-";
    return [
      what,
      [...new Set(said.map((each) => (each.rules.length > 0 ? each.rules.join(", ") : word)))].join(" / "),
      who || "-",
      sees(0, "byargo"),
      sees(1, "byflux"),
      sees(2, "byargo"),
      fluxSays[index] ?? "-",
    ];
  });
  const head = [
    "change by hand",
    "drift-report",
    "who, it says",
    "`kubectl diff`",
    "`kubectl diff --server-side`",
    "`argocd app diff`",
    "Flux undoes it",
  ];
  console.log(markdownTable([head, ...rows], { alignDelimiters: false }));
  const count = (column: number): number => rows.filter((row) => row[column] === "yes").length;
  console.log(
    `\n${changes.length} changes; seen: kubectl diff ${count(3)}, --server-side ${count(4)}, argocd ${count(5)}, Flux ${count(6)}; wrong: ${wrong}`,
  );
  const sizes = diffsBefore.map(({ size }) => size);
  console.log(
    `Objects shown before any change: kubectl diff ${sizes[0]}, --server-side ${sizes[1]}, argocd ${sizes[2]}, drift-report 0.`,
  );
  if (wrong > 0) process.exitCode = 1;
} finally {
  for (const stop of stops.toReversed()) stop();
  plane.stop();
  rmSync(work, { recursive: true, force: true });
}
