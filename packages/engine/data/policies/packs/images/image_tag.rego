package gitops.images

import data.gitops.workload

last(image) := parts[count(parts) - 1] if parts := split(image, "/")

tagged(image) if {
	contains(last(image), ":")
	not endswith(image, ":latest")
	not endswith(image, ":")
}

# METADATA
# title: Images have a version
# related_resources:
#   - ref: https://github.com/org/gitops-actions/blob/v1/docs/policies/image-tag.md
deny_image_tag contains {"msg": msg, "field": field, "id": "image-tag"} if {
	some entry in workload.containers
	image := entry.value.image
	is_string(image)
	not contains(image, "@sha256:")
	not tagged(image)
	field := sprintf("%s.image", [entry.path])
	msg := sprintf("container %s: the image %s names no version", [entry.value.name, image])
}
