package main

queue(timeout) := {"kind": "MessageQueue", "metadata": {"name": "q"}, "spec": {"visibilityTimeout": timeout}}

test_an_hour_is_fine if {
	count(deny_hidden_messages) == 0 with input as queue("1h")
}

test_minutes_are_fine if {
	count(deny_hidden_messages) == 0 with input as queue("90m")
}

test_two_hours_are_too_long if {
	count(deny_hidden_messages) == 1 with input as queue("2h")
}
