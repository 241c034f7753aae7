import { expect, test } from "vitest";
import { buildModule, GoMod } from "../../../packages/engine/src/tools/gomod.ts";

test("carries over what decides the build, and drops what is not published", () => {
  const program = GoMod.parse({
    Module: { Path: "example.test/tool" },
    Go: "1.26.0",
    Toolchain: "go1.27.1",
    Godebug: [{ Key: "default", Value: "go1.25" }],
    Require: [
      { Path: "a.test/a", Version: "v1.0.0" },
      { Path: "b.test/b", Version: "v0.0.0-2026", Indirect: true },
    ],
    Exclude: [{ Path: "c.test/c", Version: "v9.0.0" }],
    Replace: [
      { Old: { Path: "a.test/a" }, New: { Path: "fork.test/a", Version: "v1.0.1" } },
      { Old: { Path: "b.test/b", Version: "v1.0.0" }, New: { Path: "fork.test/b", Version: "v1.0.2" } },
      { Old: { Path: "l.test/l" }, New: { Path: "./l" } },
    ],
  });
  expect(buildModule(program, "example.test/tool/v2", "2.1.0").split("\n")).toEqual([
    "module gitops-actions.invalid/build",
    "go 1.26.0",
    "godebug default=go1.25",
    "require a.test/a v1.0.0",
    "require b.test/b v0.0.0-2026",
    "require example.test/tool/v2 v2.1.0",
    "exclude c.test/c v9.0.0",
    "replace a.test/a => fork.test/a v1.0.1",
    "replace b.test/b v1.0.0 => fork.test/b v1.0.2",
    "",
  ]);
});

test("Kubernetes' staging folders are modules of the same minor and patch version", () => {
  const program = GoMod.parse({
    Go: "1.26.0",
    Godebug: null,
    Require: [{ Path: "k8s.io/api", Version: "v0.0.0" }],
    Exclude: null,
    Replace: [{ Old: { Path: "k8s.io/api" }, New: { Path: "./staging/src/k8s.io/api" } }],
  });
  expect(buildModule(program, "k8s.io/kubernetes", "1.37.1")).toContain(
    "replace k8s.io/api => k8s.io/api v0.37.1\n",
  );
});
