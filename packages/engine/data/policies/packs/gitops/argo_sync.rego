package gitops.gitops

import data.gitops.workload

# METADATA
# title: Argo CD says what it prunes and heals
# related_resources:
#   - ref: https://github.com/org/gitops-actions/blob/v1/docs/policies/argo-sync.md
# custom:
#   severity: medium
deny_argo_sync contains {"msg": msg, "field": field, "id": "argo-sync"} if {
	startswith(input.apiVersion, "argoproj.io/")
	input.kind == "Application"
	automated := input.spec.syncPolicy.automated
	some name in ["prune", "selfHeal"]
	not workload.has(automated, name)
	field := sprintf("spec.syncPolicy.automated.%s", [name])
	msg := sprintf("%s is not stated", [name])
}
