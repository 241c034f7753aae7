export * from "./buildargs.ts";
export * from "./cachedir.ts";
export * from "./environment.ts";
export * from "./exec.ts";
export { type Materialised, openSandboxes, type Sandboxes } from "./folder/sandbox.ts";
export { plainFolderTree, type WorkingTree, workingTree } from "./folder/tree.ts";
export { type Gate, openGate } from "./gate.ts";
export { type ChooseOptions, type ChosenCommits, chooseCommits } from "./git/commits.ts";
export type { GitEvent } from "./git/event.ts";
export { ensureCommit } from "./git/fetch.ts";
export { fetchCommits, fetchHistory, firstParentLog, gitHistory, remoteHead } from "./git/log.ts";
export {
  commitsBeyond,
  commonCommit,
  type MergeParts,
  type MergeResult,
  makeMerge,
  makeStep,
} from "./git/merge.ts";
export { type GitResult, type GitRun, reasonOf, runGit } from "./git/process.ts";
export { headCommit } from "./git/refs.ts";
export type { FetchOptions } from "./git/remote.ts";
export { remoteAddresses, remoteUrl } from "./git/remote.ts";
export { keepingRepositories, openRepository, type Repository } from "./git/repository.ts";
export { fetchTag, makeTag, type Tag } from "./git/tag.ts";
export { treeAt } from "./git/tree.ts";
export {
  type CommitParts,
  type FileWrite,
  makeCommit,
  type PushResult,
  pushRef,
  remoteRefs,
} from "./git/write.ts";
export * from "./gojq.ts";
export * from "./kubeconform.ts";
export type { ListRequest } from "./kubectl/collection.ts";
export { parseDiscovery } from "./kubectl/discovery.ts";
export { type DryRun, type DryRunner, openDryRunner } from "./kubectl/dryrun.ts";
export { failureOf, failureOfError, type Unread } from "./kubectl/failure.ts";
export { parsePage } from "./kubectl/page.ts";
export {
  type Cluster,
  type ClusterSettings,
  clusterLimits,
  connectCluster,
  type Listed,
  openCluster,
} from "./kubectl.ts";
export { type RuledDocument, runKubectlValidate } from "./kubectlvalidate.ts";
export * from "./limits.ts";
export * from "./machine.ts";
export { parseBundle } from "./policy/address.ts";
export { type PolicyBundle, parseBundles, readBundles } from "./policy/bundle.ts";
export * from "./policy/conftest.ts";
export * from "./policy/gator.ts";
export * from "./policy/gitleaks.ts";
export * from "./policy/kyverno.ts";
export * from "./policy/outcome.ts";
export * from "./policy/packs.ts";
export { canSweep, isPlain, type RegoQuestion, runConftestEach } from "./policy/sweep.ts";
export * from "./policy/vap.ts";
export { type ProvenanceJob, renderProvenance } from "./provenance.ts";
export * from "./render.ts";
export * from "./schemas/catalog.ts";
export { type CelRules, celRulesOf } from "./schemas/cel.ts";
export { convertConstraintTemplate } from "./schemas/constraint.ts";
export { type CrdSchemas, convertCrd, type DefinitionProblem } from "./schemas/crd.ts";
export { type DefinitionFile, findDefinitionFiles, findDefinitionFilesIn } from "./schemas/definitions.ts";
export { knownFields } from "./schemas/fields.ts";
export * from "./schemas/lifecycle.ts";
export { readSchemaLocations, type SchemaLocations, schemaFromLocations } from "./schemas/locations.ts";
export * from "./schemas/lookup.ts";
export { minimalDefinition, writeDefinitions } from "./schemas/minimal.ts";
export type { JsonSchema, KindSchema, SchemaPack } from "./schemas/pack.ts";
export type { Problem as SchemaProblem, ProblemKind as SchemaProblemKind } from "./schemas/problem.ts";
export { type SchemaText, schemaSource, schemaTemplate } from "./schemas/unpack.ts";
export { ensureTool, type ToolOptions, type ToolSettings } from "./tools/find.ts";
export { currentPlatform, type Pin, type Platform, wantedTool } from "./tools/pin.ts";
export { pins, type ToolName, toolNames } from "./tools/pins.ts";
export { listTools, type ToolStatus } from "./tools/status.ts";
export { sha256OfFile, type Tool, type ToolSource } from "./tools/tool.ts";
