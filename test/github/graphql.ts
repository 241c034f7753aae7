import { readFileSync } from "node:fs";
import { join } from "node:path";
import { buildSchema, GraphQLError, graphqlSync } from "graphql";
import type { GitHub } from "./server.ts";

const schema = buildSchema(readFileSync(join(import.meta.dirname, "schema.graphql"), "utf8"));

interface CommitInput {
  branch: { branchName: string; repositoryNameWithOwner: string };
  expectedHeadOid: string;
  message: { headline: string; body?: string };
  fileChanges: { additions: { path: string; contents: string }[]; deletions: { path: string }[] };
}

/** What GitHub's GraphQL API answers: held to its schema, both the request and the answer. */
export function answerGraphql(state: GitHub, text: string): { data?: unknown; errors?: unknown[] } {
  const { query, variables } = JSON.parse(text) as { query: string; variables: Record<string, unknown> };
  const result = graphqlSync({
    schema,
    source: query,
    variableValues: variables,
    rootValue: {
      createCommitOnBranch: ({ input }: { input: CommitInput }) => createCommit(state, input),
      enablePullRequestAutoMerge: ({
        input,
      }: {
        input: { pullRequestId: string; expectedHeadOid?: string };
      }) => enableAutoMerge(state, input),
      disablePullRequestAutoMerge: ({ input }: { input: { pullRequestId: string } }) => {
        const pull = pullOf(state, input.pullRequestId);
        if (!pull.auto) throw refusal("UNPROCESSABLE", "Can't disable auto-merge for this pull request.");
        pull.auto = false;
        return { pullRequest: { number: pull.number } };
      },
    },
  });
  const errors = result.errors?.map((error) => {
    const type = error.extensions.type;
    // An error that no resolver threw is one that GitHub would not have understood either.
    if (type === undefined) state.problems.push(`POST /graphql: ${error.message}`);
    return { message: error.message, ...(type === undefined ? {} : { type }), path: error.path };
  });
  return { data: result.data, ...(errors ? { errors } : {}) };
}

function createCommit(
  state: GitHub,
  { branch, expectedHeadOid, message, fileChanges }: CommitInput,
): unknown {
  const { objects } = state;
  if (!objects || !state.writes || branch.repositoryNameWithOwner !== "org/fleet")
    throw refusal("FORBIDDEN", "Resource not accessible by integration");
  if (state.locked.includes(branch.branchName))
    throw refusal(
      "UNPROCESSABLE",
      `Repository rule violations found: Changes must be made through a pull request. (${branch.branchName})`,
    );
  const before = objects.tip(branch.branchName);
  if (before === undefined) throw refusal("NOT_FOUND", `Could not resolve to a Ref ${branch.branchName}.`);
  const said = [message.headline, message.body].filter(Boolean).join("\n\n");
  const oid = objects.commit(
    branch.branchName,
    expectedHeadOid,
    said,
    fileChanges.additions,
    fileChanges.deletions,
  );
  if (oid === undefined)
    throw refusal(
      "STALE_DATA",
      `Expected branch to point to "${expectedHeadOid}" but it did not. Pull and try again.`,
    );
  state.pushes.push({ before, after: oid, ref: `refs/heads/${branch.branchName}`, at: state.clock() });
  return { commit: { oid } };
}

function enableAutoMerge(
  state: GitHub,
  { pullRequestId, expectedHeadOid }: { pullRequestId: string; expectedHeadOid?: string },
): unknown {
  const pull = pullOf(state, pullRequestId);
  if (!state.autoMerge)
    throw refusal("UNPROCESSABLE", "Pull request Auto merge is not allowed for this repository");
  if (expectedHeadOid !== undefined && state.objects?.tip(pull.head) !== expectedHeadOid)
    throw refusal("UNPROCESSABLE", "Head sha didn't match expected head sha");
  if (state.blocked === undefined)
    throw refusal("UNPROCESSABLE", "Pull request Pull request is in clean status");
  pull.auto = true;
  return { pullRequest: { number: pull.number } };
}

function pullOf(state: GitHub, id: string) {
  const pull = state.pulls.find((each) => `PR_${each.number}` === id);
  if (pull && state.writes) return pull;
  throw pull
    ? refusal("FORBIDDEN", "Resource not accessible by integration")
    : refusal("NOT_FOUND", `Could not resolve to a node with the global id of '${id}'`);
}

function refusal(type: string, message: string): GraphQLError {
  return new GraphQLError(message, { extensions: { type } });
}
