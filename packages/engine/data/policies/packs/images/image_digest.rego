package gitops.images

import data.gitops.workload

# METADATA
# title: Images are pinned by digest
# related_resources:
#   - ref: https://github.com/org/gitops-actions/blob/v1/docs/policies/image-digest.md
# custom:
#   severity: low
warn_image_digest contains {"msg": msg, "field": field, "id": "image-digest"} if {
	some entry in workload.containers
	image := entry.value.image
	is_string(image)
	not regex.match(`@sha256:[0-9a-f]{64}$`, image)
	field := sprintf("%s.image", [entry.path])
	msg := sprintf("container %s: the image %s is not pinned by its digest", [entry.value.name, image])
}
