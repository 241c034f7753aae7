package gitops.pod_security_restricted

import data.gitops.workload

kinds := {"name", "configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "image", "persistentVolumeClaim", "projected", "secret"}

# METADATA
# title: Only volumes that hold no node
# related_resources:
#   - ref: https://github.com/org/gitops-actions/blob/v1/docs/policies/volume-types.md
deny_volume_types contains {"msg": msg, "field": field, "id": "volume-types"} if {
	some i, volume in workload.pod.spec.volumes
	some kind, _ in volume
	not kind in kinds
	field := sprintf("%s.volumes[%d].%s", [workload.pod.path, i, kind])
	msg := sprintf("volume %s is of the type %s", [volume.name, kind])
}
