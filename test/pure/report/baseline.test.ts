import { type Finding, makeFinding, markAgainstBase } from "@gitops-actions/report";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { deployment } from "./samples.ts";

function made(
  message: string,
  overlays: string[],
  more: Partial<Parameters<typeof makeFinding>[0]> = {},
): Finding {
  return makeFinding({ rule: "r", severity: "error", message, resource: deployment, overlays, ...more });
}

const states = (findings: Finding[]) =>
  findings.map(({ places }) => Object.fromEntries(places.map(({ overlay, state }) => [overlay, state])));

describe("against the base", () => {
  test("what exists in dev is still new in prod", () => {
    const { findings } = markAgainstBase([made("m", ["dev", "prod"])], [made("m", ["dev"])]);
    expect(states(findings)).toEqual([{ dev: "existing", prod: "new" }]);
  });

  test("what is gone from dev does not make it existing in prod", () => {
    const { findings } = markAgainstBase([made("m", ["prod"])], [made("n", ["dev"])]);
    expect(states(findings)).toEqual([{ prod: "new" }]);
  });

  test("another line, message or severity does not make it new", () => {
    const location = { path: "a", line: 9, precision: "exact" as const, via: [] };
    const { findings } = markAgainstBase(
      [made("now 5", ["dev"], { location, severity: "notice" })],
      [made("was 4", ["dev"])],
    );
    expect(states(findings)).toEqual([{ dev: "existing" }]);
  });

  test("a wrong value in place of another wrong value is new", () => {
    const base = [made("wrong", ["dev", "prod"], { actual: '"always"' })];
    const same = made("is wrong", ["prod"], { actual: '"always"' });
    const other = made("wrong", ["dev"], { actual: '"never"' });
    expect(states(markAgainstBase([other, same], base).findings)).toEqual([
      { dev: "new" },
      { prod: "existing" },
    ]);
    expect(markAgainstBase([other], base).fixed).toEqual([]);
  });

  test("a second one of the same fingerprint is new, and it is the one that says something else", () => {
    const { findings } = markAgainstBase([made("b", ["dev"]), made("a", ["dev"])], [made("a", ["dev"])]);
    expect(states(findings)).toEqual([{ dev: "new" }, { dev: "existing" }]);
  });

  test("an overlay that could not be looked at before is unknown, not new and not existing", () => {
    const { findings } = markAgainstBase([made("m", ["dev", "prod"])], [made("m", ["dev"])], {
      uncheckedAtBase: new Set(["dev", "prod"]),
    });
    expect(states(findings)).toEqual([{ dev: "unknown", prod: "unknown" }]);
  });

  test("fixed is what is gone from every overlay, unless one could not be looked at now", () => {
    const gone = made("gone", ["dev", "prod"], { discriminator: "1" });
    const half = made("half", ["dev", "prod"], { discriminator: "2" });
    const stays = made("half", ["prod"], { discriminator: "2" });
    expect(markAgainstBase([stays], [gone, half]).fixed).toEqual([gone.fingerprint]);
    expect(markAgainstBase([stays], [gone, half], { uncheckedAtHead: new Set(["prod"]) }).fixed).toEqual([]);
    const apart = [
      made("gone in dev", ["dev"], { discriminator: "1" }),
      made("gone in prod", ["prod"], { discriminator: "1" }),
    ];
    expect(markAgainstBase([], apart, { uncheckedAtHead: new Set(["prod"]) }).fixed).toEqual([]);
  });

  test("against itself nothing is new or fixed; against nothing everything is new; counts never hide an addition", () => {
    const some = fc.record({
      overlay: fc.constantFrom("a", "b"),
      message: fc.constantFrom("m", "n"),
      discriminator: fc.constantFrom("x", "y"),
    });
    const list = fc
      .array(some)
      .map((items) =>
        items.map(({ message, overlay, discriminator }) => made(message, [overlay], { discriminator })),
      );
    const count = (findings: Finding[], state: string) =>
      findings.flatMap(({ places }) => places).filter((place) => place.state === state).length;
    fc.assert(
      fc.property(list, list, (base, added) => {
        const same = markAgainstBase(base, base);
        expect(count(same.findings, "existing")).toBe(base.length);
        expect(same.fixed).toEqual([]);
        expect(count(markAgainstBase(base, []).findings, "new")).toBe(base.length);
        expect(count(markAgainstBase([...added, ...base], base).findings, "new")).toBe(added.length);
      }),
    );
  });
});
