// SIGKILL before and after every remote write: the next run ends where one that was never killed would have ended.
// `npm test` looks at every fifth point; all of them: GITOPS_TEST_SWEEP=all npm test -- bundles kill
import { writeFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { type Scene, scenes, setScene, stateOf, writes } from "../../tools/promotion/scene.ts";
import { countPushes, killAtPush, startBundle } from "./bundle.ts";

const every = process.env.GITOPS_TEST_SWEEP === "all" ? 1 : 5;

interface Point {
  kind: "push" | "request";
  nth: number;
  moment: "before" | "after";
}

/** A run that nobody kills: how often it writes, and where it ends. */
async function cleanRun(scene: Scene): Promise<{ points: Point[]; state: object }> {
  const hub = await setScene(scene);
  const pushes = countPushes(hub);
  const before = hub.github.requests.length;
  const { status, said } = await startBundle(hub, scene.inputs);
  expect(said).not.toContain("error");
  expect(status).toBe(0);
  const requests = hub.github.requests.slice(before).filter((request) => writes.test(request)).length;
  const points = (["push", "request"] as const).flatMap((kind) =>
    Array.from({ length: kind === "push" ? pushes() : requests }, (_, index) => index + 1).flatMap((nth) =>
      (["before", "after"] as const).map((moment) => ({ kind, nth, moment })),
    ),
  );
  return { points, state: stateOf(hub) };
}

describe("a bundle that is killed", () => {
  let counted = 0;
  let looked = 0;

  test.each(scenes)(
    "while it is to $name is finished by the next run",
    async (scene) => {
      const { points, state } = await cleanRun(scene);
      expect(points.length).toBeGreaterThan(0);
      for (const point of points) {
        if (counted++ % every !== 0) continue;
        looked++;
        const hub = await setScene(scene);
        const name = `${point.moment} ${point.kind} ${point.nth}`;
        let child = 0;
        const pid = point.kind === "push" ? killAtPush(hub, point.moment, point.nth) : undefined;
        if (point.kind === "request")
          hub.github.traps.push({
            when: writes,
            moment: point.moment,
            skip: point.nth - 1,
            call: () => process.kill(child, "SIGKILL"),
          });
        const killed = await startBundle(hub, scene.inputs, (id) => {
          child = id;
          if (pid) writeFileSync(pid, String(id));
        });
        expect(killed.status, name).toBe("SIGKILL");
        countPushes(hub);
        const next = await startBundle(hub, scene.inputs);
        expect(next.status, `${name}: ${next.said}`).toBe(0);
        expect(stateOf(hub), name).toEqual(state);
        expect(hub.github.problems, name).toEqual([]);
      }
      console.log(`${scene.name}: ${points.length} points`);
    },
    900_000,
  );

  test("is looked at", () => {
    expect(looked).toBe(Math.ceil(counted / every));
    expect(counted).toBeGreaterThan(40);
    console.log(`${looked} of ${counted} points`);
  });
});
