import type { Json, ResourceId } from "@gitops-actions/manifest";

/** The engine that evaluates a policy. */
export type PolicyEngine = "conftest" | "kyverno" | "gatekeeper" | "vap" | "gitleaks";

/** A rendered resource as engines get it. */
export interface PolicyDocument {
  id: ResourceId;
  value: { [key: string]: Json };
}

/** One thing a policy says. What passes is counted, not listed. */
export interface PolicyStatement {
  /** waived: the policy itself, or an exception of its engine, lets it be. */
  status: "failed" | "warned" | "waived";
  /** The exceptions that let it be, where the engine names them. */
  waivedBy?: string;
  /** `<namespace>`, `<policy>`, `<template>/<constraint>`: what counts are kept for. */
  policy: string;
  /** Behind `<engine>/`: the id of the rule. */
  rule: string;
  /** Position among the documents that were given; undefined when it is about all of them together. */
  document?: number;
  message: string;
  /** JSON Pointer. */
  field?: string;
  /** As the author wrote it: `high`, `medium`, `warning`. */
  severity?: string;
  url?: string;
  /** What the author says the policy is for. */
  description?: string;
}

/** How often a policy was asked, and what came of it. One resource and one rule make one. */
export interface PolicyCount {
  policy: string;
  /** Documents that the engine gave to it. */
  evaluated: number;
  /** Of these, the ones it is about. */
  matched: number;
  passed: number;
  warned: number;
  failed: number;
  /** Why it says nothing, or not all it could. */
  notEvaluated: string[];
}

/** A policy (or the whole engine) that gave no verdict. */
export interface PolicyFailure {
  /** A file, or a policy's name. */
  id: string;
  code: string;
  message: string;
}

/** All that one engine says of one batch of documents. */
export interface PolicyOutcome {
  statements: PolicyStatement[];
  counts: PolicyCount[];
  failures: PolicyFailure[];
}

/** What limits one start of an engine. */
export interface PolicyLimits {
  deadlineMs: number;
  maxMemoryBytes: number;
}
