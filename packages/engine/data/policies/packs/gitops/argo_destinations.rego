package gitops.gitops

# METADATA
# title: Argo CD projects name their destinations
# related_resources:
#   - ref: https://github.com/org/gitops-actions/blob/v1/docs/policies/argo-destinations.md
deny_argo_destinations contains {"msg": msg, "field": field, "id": "argo-destinations"} if {
	startswith(input.apiVersion, "argoproj.io/")
	input.kind == "AppProject"
	some i, destination in input.spec.destinations
	some name in ["namespace", "server", "name"]
	destination[name] == "*"
	field := sprintf("spec.destinations[%d].%s", [i, name])
	msg := sprintf("every %s is allowed", [{"namespace": "namespace", "server": "cluster", "name": "cluster"}[name]])
}

deny_argo_destinations contains {"msg": msg, "field": field, "id": "argo-destinations"} if {
	startswith(input.apiVersion, "argoproj.io/")
	input.kind == "AppProject"
	some i, repository in input.spec.sourceRepos
	repository == "*"
	field := sprintf("spec.sourceRepos[%d]", [i])
	msg := "every repository is allowed"
}
