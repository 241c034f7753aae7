package gitops.gitops

import data.gitops.workload

sources contains {"source": input.spec.source, "path": "spec.source"} if input.spec.source

sources contains {"source": source, "path": sprintf("spec.sources[%d]", [i])} if some i, source in input.spec.sources

pinned(revision) if regex.match(`^[0-9a-f]{40}$`, revision)

pinned(revision) if regex.match(`^(refs/tags/)?v?[0-9]+(\.[0-9]+){1,2}([-+][0-9A-Za-z.+-]+)?$`, revision)

# METADATA
# title: Argo CD takes a pinned revision
# related_resources:
#   - ref: https://github.com/org/gitops-actions/blob/v1/docs/policies/argo-revision.md
# custom:
#   severity: medium
deny_argo_revision contains {"msg": msg, "field": field, "id": "argo-revision"} if {
	startswith(input.apiVersion, "argoproj.io/")
	input.kind == "Application"
	some entry in sources
	not workload.has(entry.source, "ref")
	revision := object.get(entry.source, "targetRevision", "")
	not pinned(revision)
	field := sprintf("%s.targetRevision", [entry.path])
	msg := sprintf("targetRevision %q is not pinned", [revision])
}
