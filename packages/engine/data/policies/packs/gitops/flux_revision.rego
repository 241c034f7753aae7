package gitops.gitops

import data.gitops.workload

flux if contains(input.apiVersion, ".toolkit.fluxcd.io/")

exact(version) if regex.match(`^v?[0-9]+\.[0-9]+\.[0-9]+([-+][0-9A-Za-z.+-]+)?$`, version)

# METADATA
# title: Flux takes a pinned revision
# related_resources:
#   - ref: https://github.com/org/gitops-actions/blob/v1/docs/policies/flux-revision.md
# custom:
#   severity: medium
deny_flux_revision contains {"msg": msg, "field": field, "id": "flux-revision"} if {
	flux
	input.kind == "OCIRepository"
	not workload.has(object.get(input.spec, "ref", {}), "digest")
	not exact(object.get(input.spec, ["ref", "tag"], ""))
	field := "spec.ref"
	msg := "the artifact is not pinned to a version or digest"
}

deny_flux_revision contains {"msg": msg, "field": field, "id": "flux-revision"} if {
	flux
	input.kind == "HelmRelease"
	chart := input.spec.chart.spec
	not object.get(chart, ["sourceRef", "kind"], "") in {"GitRepository", "Bucket"}
	version := object.get(chart, "version", "*")
	not exact(version)
	field := "spec.chart.spec.version"
	msg := sprintf("the chart version %q is not one version", [version])
}
