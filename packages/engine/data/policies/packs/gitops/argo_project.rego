package gitops.gitops

# METADATA
# title: Argo CD applications have a project
# related_resources:
#   - ref: https://github.com/org/gitops-actions/blob/v1/docs/policies/argo-project.md
deny_argo_project contains {"msg": msg, "field": field, "id": "argo-project"} if {
	startswith(input.apiVersion, "argoproj.io/")
	input.kind == "Application"
	object.get(input.spec, "project", "default") in {"", "default"}
	field := "spec.project"
	msg := "the application is in the project default"
}
