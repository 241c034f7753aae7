package gitops.pod_security_restricted

import data.gitops.workload

# A function of its own: `not` around a call that has no value has none either, and the rule would be silent.
non_root(entry) if workload.security(entry, "runAsNonRoot") == true

# METADATA
# title: Not as root
# related_resources:
#   - ref: https://github.com/org/gitops-actions/blob/v1/docs/policies/run-as-non-root.md
deny_run_as_non_root contains {"msg": msg, "field": field, "id": "run-as-non-root"} if {
	some entry in workload.containers
	not non_root(entry)
	field := sprintf("%s.securityContext.runAsNonRoot", [entry.path])
	msg := sprintf("container %s may run as root", [entry.value.name])
}
