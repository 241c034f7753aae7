import { checkBuildArgs } from "@gitops-actions/engine";
import { UsageError } from "@gitops-actions/report";
import fc from "fast-check";
import { describe, expect, test } from "vitest";

describe("kustomize-build-args", () => {
  test("harmless ones pass, their values joined", () => {
    expect(checkBuildArgs([])).toEqual([]);
    expect(
      checkBuildArgs([
        "--load-restrictor",
        "LoadRestrictionsNone",
        "--reorder=legacy",
        "--enable-managedby-label",
      ]),
    ).toEqual(["--load-restrictor=LoadRestrictionsNone", "--reorder=legacy", "--enable-managedby-label"]);
    expect(checkBuildArgs(["--enable-helm", "--enable-helm=true", "--reorder=none"])).toEqual([
      "--reorder=none",
    ]);
    expect(checkBuildArgs(["--helm-api-versions", "--enable-exec"])).toEqual([
      "--helm-api-versions=--enable-exec",
    ]);
  });

  test.each([
    [["--enable-exec"], /it runs programs of the repository/],
    [["--enable-alpha-plugins"], /it runs plugins/],
    [["--network"], /it opens the network/],
    [["-o", "/tmp/x"], /the output is written by gitops-actions/],
    [["-o=/tmp/x"], /the output is written/],
    [["-o/tmp/x"], /not among the known/],
    [["--output=x"], /the output is written/],
    [["--helm-command=./evil"], /helm-path/],
    [["-e", "SECRET"], /environment/],
    [["--mount", "type=bind,src=/,dst=/x"], /mounts/],
    [["--enable-helm=maybe"], /--enable-helm is true or false, not "maybe"/],
    [["--load-restrictor", "none"], /LoadRestrictionsNone or LoadRestrictionsRootOnly, not "none"/],
    [["../elsewhere"], /the overlay is named by gitops-actions/],
    [["--"], /not among the known/],
    [[""], /the overlay is named/],
    [["--constructor"], /not among the known/],
    [["--load-restrictor"], /--load-restrictor needs a value/],
  ])("%j is refused", (args, message) => {
    expect(() => checkBuildArgs(args)).toThrow(message);
    expect(() => checkBuildArgs(args)).toThrow(UsageError);
    expect(() => checkBuildArgs(args)).toThrow(/^kustomize-build-args: /);
  });

  test("whatever passes is a known option in one piece", () => {
    const known =
      /^--(load-restrictor=|reorder=|helm-kube-version=|helm-api-versions=|enable-managedby-label(=true|=false)?$)/;
    const words = fc.oneof(
      fc.constantFrom(
        "--load-restrictor",
        "--reorder",
        "--enable-helm",
        "--enable-exec",
        "-e",
        "-o",
        "--",
        "x",
        "--helm-command",
        "=",
      ),
      fc.string({ maxLength: 6 }),
    );
    const argument = fc.oneof(
      words,
      fc.tuple(words, words).map(([flag, value]) => `${flag}=${value}`),
    );
    fc.assert(
      fc.property(fc.array(argument, { maxLength: 4 }), (args) => {
        let checked: string[];
        try {
          checked = checkBuildArgs(args);
        } catch (error) {
          return error instanceof UsageError;
        }
        return checked.every((one) => known.test(one));
      }),
    );
  });
});
