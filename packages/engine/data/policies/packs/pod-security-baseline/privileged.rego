package gitops.pod_security_baseline

import data.gitops.workload

# METADATA
# title: No privileged containers
# related_resources:
#   - ref: https://github.com/org/gitops-actions/blob/v1/docs/policies/privileged.md
deny_privileged contains {"msg": msg, "field": field, "id": "privileged"} if {
	some entry in workload.containers
	entry.value.securityContext.privileged == true
	field := sprintf("%s.securityContext.privileged", [entry.path])
	msg := sprintf("container %s is privileged", [entry.value.name])
}
