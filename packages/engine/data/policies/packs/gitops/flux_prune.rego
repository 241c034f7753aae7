package gitops.gitops

# METADATA
# title: Flux says whether it prunes
# related_resources:
#   - ref: https://github.com/org/gitops-actions/blob/v1/docs/policies/flux-prune.md
# custom:
#   severity: medium
deny_flux_prune contains {"msg": msg, "field": field, "id": "flux-prune"} if {
	startswith(input.apiVersion, "kustomize.toolkit.fluxcd.io/")
	input.kind == "Kustomization"
	object.get(input.spec, "prune", null) != true
	field := "spec.prune"
	msg := "what is deleted in Git stays in the cluster"
}
