import { writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  type RenderJob,
  type RenderResult,
  type RenderSettings,
  renderAll,
  renderLimits,
  type Tool,
} from "@gitops-actions/engine";
import { describe, expect, test } from "vitest";
import { joinDocuments } from "../../../packages/engine/src/plain.ts";
import { makeMachine, script, write } from "./machine.ts";
import { job, realTools, render, type TestMachine, text } from "./renders.ts";

/** A kustomize whose renders take as long as the folder's name says, and say when they began and ended. */
function slowTool(machine: TestMachine): Tool {
  const path = script(join(machine.folder, "slow"), "");
  writeFileSync(
    path,
    `#!/bin/sh\nfor last; do :; done\necho "+ $last" >> ${machine.folder}/log\nsleep "$last"\necho "- $last" >> ${machine.folder}/log\necho "$last"\n`,
  );
  return { name: "kustomize", version: "5.8.2", path, source: "given", sha256: "" };
}

const limits = { ...renderLimits, kustomizeBuildArgs: [] };

describe("renderAll", () => {
  test("gives results in the order of the jobs, and takes only a window of them ahead", async () => {
    const machine = { ...makeMachine(), cores: 4 };
    write(join(machine.folder, "repo"), { x: "" });
    const times = ["0.4", "0.3", "0.2", "0.1", "0", "0.1", "0", "0", "0", "0", "0", "0"];
    let taken = 0;
    function* jobs(): Generator<RenderJob> {
      for (const time of times) {
        taken++;
        yield job(machine, { path: time, kind: "kustomize" });
      }
    }
    const seen: string[] = [];
    for await (const result of renderAll(jobs(), { kustomize: slowTool(machine), ...limits }, machine)) {
      seen.push(text(result).trim());
      expect(taken).toBeLessThanOrEqual(seen.length + 8);
    }
    expect(seen).toEqual(times);
  });

  test("one failure does not keep the others from being rendered", async () => {
    const machine = makeMachine();
    write(join(machine.folder, "repo"), {
      "a/kustomization.yaml": "resources: []\nnamespace: x\n",
      "b/kustomization.yaml": "resources: [none]\n",
      "c/a.yaml": "a: 1\n",
      "d/Chart.yaml": "apiVersion: v2\nname: d\nversion: 0.1.0\n",
      "d/templates/a.yaml": "a: 1\n",
    });
    const kinds = { a: "kustomize", b: "kustomize", c: "plain", d: "helm" } as const;
    const jobs = Object.entries(kinds).map(([path, kind]) => job(machine, { path, kind }));
    const results: RenderResult[] = [];
    for await (const result of renderAll(jobs, { ...(await realTools(machine)), ...limits }, machine))
      results.push(result);
    expect(results.map(({ status }) => status)).toEqual(["rendered", "failed", "rendered", "rendered"]);
  });

  test("a cancelled run ends at once, with its tools", async () => {
    const machine = makeMachine();
    write(join(machine.folder, "repo"), { x: "" });
    const cancel = new AbortController();
    const jobs = ["30", "30"].map((path) => job(machine, { path, kind: "kustomize" }));
    setTimeout(() => cancel.abort(), 200);
    const began = performance.now();
    const all = async (): Promise<void> => {
      for await (const _ of renderAll(
        jobs,
        { kustomize: slowTool(machine), ...limits },
        machine,
        cancel.signal,
      ));
    };
    await expect(all()).rejects.toMatchObject({ code: "cancelled" });
    expect(performance.now() - began).toBeLessThan(5000);
  });

  test("a tool that is missing is an error that names the overlay", async () => {
    const nothing: Partial<RenderSettings> = { kustomize: undefined, helm: undefined } as never;
    await expect(
      render({ "a/kustomization.yaml": "" }, { path: "a", kind: "kustomize" }, nothing),
    ).rejects.toThrow(/a needs kustomize/);
    await expect(render({ "a/Chart.yaml": "" }, { path: "a", kind: "helm" }, nothing)).rejects.toThrow(
      /a needs helm/,
    );
    await expect(
      render({ "a/kustomization.yaml": "" }, { path: "a", kind: "kustomize", needsHelm: true }, {
        helm: undefined,
      } as never),
    ).rejects.toThrow(/inflates Helm charts/);
  });

  test("kubectl kustomize stands in for a kustomize that is not there", async () => {
    const machine = makeMachine();
    // kubectl is 60 MB and has the same code inside: kustomize, called as kubectl calls it.
    const { kustomize } = await realTools(machine);
    const path = script(join(machine.folder, "kubectl"), "");
    writeFileSync(
      path,
      `#!/bin/sh\n[ "$1" = kustomize ] || exit 9\nshift\nexec ${kustomize.path} build "$@"\n`,
    );
    const kubectl: Tool = { ...kustomize, name: "kubectl", path };
    const files = {
      "a/kustomization.yaml": "resources: [x.yaml]\n",
      "a/x.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n",
    };
    const result = await render(files, { path: "a", kind: "kustomize" }, {
      kustomize: undefined,
      kubectl,
    } as never);
    expect(text(result)).toBe("apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\n");
  });
});

describe("plain manifests", () => {
  test("are put together in the order of their names, every byte as it is", async () => {
    const files = {
      "m/b.yaml": "b: 1 # kept\r\n",
      "m/a.yml": "---\na: 'x'",
      "m/B.yaml": "---\nc: 1\n---\nd: 1\n",
      "m/c.json": '{"e": 1}',
      "m/README.md": "no",
      "m/deep/x.yaml": "no: 1\n",
    };
    const result = await render(files, { path: "m", kind: "plain" });
    expect(text(result)).toBe("---\nc: 1\n---\nd: 1\n---\na: 'x'\n---\nb: 1 # kept\r\n---\n{\"e\": 1}");
  });

  test("the root of the repository is a folder like any other", async () => {
    expect(text(await render({ "a.yaml": "a: 1\n" }, { path: ".", kind: "plain" }))).toBe("a: 1\n");
  });

  test("larger than the cap is a failure", async () => {
    const result = await render(
      { "m/a.yaml": "a".repeat(1000), "m/b.yaml": "b".repeat(1000) },
      { path: "m", kind: "plain" },
      { maxOutputBytes: 1500 },
    );
    expect(result).toMatchObject({ status: "failed", code: "output" });
  });

  test.each([
    [["a: 1\n", "b: 1\n"], "a: 1\n---\nb: 1\n"],
    [["a: 1", "b: 1"], "a: 1\n---\nb: 1"],
    [["a: 1\n", "---\nb: 1\n"], "a: 1\n---\nb: 1\n"],
    [["a: 1\n", "--- {b: 1}\n"], "a: 1\n--- {b: 1}\n"],
    [["a: 1\n", "---b: 1\n"], "a: 1\n---\n---b: 1\n"],
    [["", "b: 1\n"], "b: 1\n"],
    [["a: 1\n", "# c\n%YAML 1.1\n---\nb: 1\n"], "a: 1\n---\n# c\n#YAML 1.1\n---\nb: 1\n"],
    [["a: 1\n", "\ufeffb: 1\n"], "a: 1\n---\nb: 1\n"],
    [[], ""],
  ])("%j", (files, expected) => {
    expect(Buffer.from(joinDocuments(files.map((file) => Buffer.from(file)))).toString()).toBe(expected);
  });
});
