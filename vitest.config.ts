import { defineConfig } from "vitest/config";

// In the order in which `npm test` runs them: quick failures first.
const bundles = "test/setup/bundles.ts";
const minute = 60_000;

export default defineConfig({
  test: {
    allowOnly: false,
    projects: [
      // Touches neither disk nor processes.
      project("pure", { pool: "threads", isolate: false, testTimeout: 20_000 }),
      // Reads this repository's own files.
      project("contract", { testTimeout: 20_000 }),
      // Git, the real engines, the disk.
      project("tools", { maxWorkers: 2, testTimeout: 2 * minute, hookTimeout: 2 * minute }),
      // Engines that take minutes to build: `npm run test:engines`.
      project("engines", { maxWorkers: 2, testTimeout: 5 * minute, hookTimeout: 5 * minute }),
      // The bundles, started the way the runner starts them.
      project("bundles", {
        maxWorkers: 2,
        testTimeout: 2 * minute,
        hookTimeout: 2 * minute,
        globalSetup: [bundles],
      }),
      // The bundles as files: what is committed, its size, its start.
      project("dist", {
        fileParallelism: false,
        testTimeout: 3 * minute,
        hookTimeout: 3 * minute,
        globalSetup: [bundles],
      }),
      // A real API server.
      project("servers", {
        fileParallelism: false,
        testTimeout: 2 * minute,
        hookTimeout: 2 * minute,
      }),
      // Argo CD's and Flux's own controllers against a real API server: `npm run test:cluster`.
      project("cluster", {
        fileParallelism: false,
        testTimeout: 5 * minute,
        hookTimeout: 5 * minute,
      }),
      // Whole workflows in act.
      project("e2e", {
        fileParallelism: false,
        testTimeout: 5 * minute,
        hookTimeout: 5 * minute,
        globalSetup: [bundles],
      }),
    ],
  },
});

function project(name: string, options: object) {
  return {
    extends: true as const,
    test: {
      name,
      include: [`test/${name}/**/*.test.ts`],
      setupFiles: ["test/setup/properties.ts"],
      ...options,
    },
  };
}
