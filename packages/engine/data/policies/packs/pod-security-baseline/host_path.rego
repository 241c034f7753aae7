package gitops.pod_security_baseline

import data.gitops.workload

# METADATA
# title: No hostPath volumes
# related_resources:
#   - ref: https://github.com/org/gitops-actions/blob/v1/docs/policies/host-path.md
deny_host_path contains {"msg": msg, "field": field, "id": "host-path"} if {
	some i, volume in workload.pod.spec.volumes
	workload.has(volume, "hostPath")
	field := sprintf("%s.volumes[%d].hostPath", [workload.pod.path, i])
	msg := sprintf("volume %s is a path of the node", [volume.name])
}
