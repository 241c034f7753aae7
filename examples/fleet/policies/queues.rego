package main

# METADATA
# title: Messages come back within the hour
# description: A worker that dies keeps its message hidden for this long, and customers wait for their mail.
deny_hidden_messages contains {"msg": msg, "field": "spec.visibilityTimeout"} if {
	input.kind == "MessageQueue"
	regex.match(`^[0-9]+h$`, input.spec.visibilityTimeout)
	hours := to_number(trim_suffix(input.spec.visibilityTimeout, "h"))
	hours > 1
	msg := sprintf("%s hides messages for %v hours; one is the most", [input.metadata.name, hours])
}
