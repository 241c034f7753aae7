// Hints that are written for a step of a workflow, as somebody at a terminal should read them.
import { expect, test } from "vitest";
import { withTokenNames } from "../../../packages/cli/src/inputs.ts";

test.each([
  ["give the action a token with statuses: read", "set GITHUB_TOKEN to a token with statuses: read"],
  [
    "a pull request needs a token: set the input 'token', or `strategy: direct`",
    "a pull request needs a token: set GITHUB_TOKEN, or `strategy: direct`",
  ],
  ["or give `token` one of a GitHub App", "or set GITHUB_TOKEN to one of a GitHub App"],
  ["no: give `token` pull-requests: write", "no: give the one in GITHUB_TOKEN pull-requests: write"],
  [
    "Give the job the permissions contents: write, or `token` one of a GitHub App with them.",
    "Set GITHUB_TOKEN to one with contents: write, or to one of a GitHub App with them.",
  ],
  ["the token may not read", "the token may not read"],
])("%s", (text, said) => {
  expect(withTokenNames(text)).toBe(said);
});
