package gitops.pod_security_restricted

import data.gitops.workload

# METADATA
# title: Not as user 0
# related_resources:
#   - ref: https://github.com/org/gitops-actions/blob/v1/docs/policies/run-as-user.md
deny_run_as_user contains {"msg": msg, "field": field, "id": "run-as-user"} if {
	workload.pod.spec.securityContext.runAsUser == 0
	field := sprintf("%s.securityContext.runAsUser", [workload.pod.path])
	msg := "the pod runs as user 0"
}

deny_run_as_user contains {"msg": msg, "field": field, "id": "run-as-user"} if {
	some entry in workload.containers
	entry.value.securityContext.runAsUser == 0
	field := sprintf("%s.securityContext.runAsUser", [entry.path])
	msg := sprintf("container %s runs as user 0", [entry.value.name])
}
