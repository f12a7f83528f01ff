"""What is wrong in a lab's files, and what to do, in English."""

SENTENCES: dict[str, str] = {
    # A file as a whole.
    "lab_file_missing": "there is no such file; every lab needs it",
    "lab_file_unreadable": "cannot be read ({reason}); check its permissions",
    "lab_file_kind": "is not a regular file; put a text file there",
    "lab_file_outside": "leads out of the lab's folder; put the file itself there, not a symbolic link",
    "lab_file_large": "is larger than {most} bytes; a lab's file must be smaller",
    "lab_file_encoding": "is not UTF-8 text; save the file as UTF-8",
    "lab_file_control": "holds the control character {code}; delete it",
    "lab_file_empty": "is empty; begin with 'schema: 1'",
    # YAML.
    "lab_yaml_syntax": "is not valid YAML ({problem}); check this line and the one before it",
    "lab_yaml_anchor": "anchors (&), aliases (*) and tags (!) are refused in a lab; write the value out",
    "lab_yaml_deep": "is nested more than {most} levels deep; no lab needs that",
    "lab_schema": "schema {value} is unknown; this tunlab reads schema {known}",
    # The shape of a value.
    "lab_not_text": "'{field}' must be a single value, not a list or a mapping",
    "lab_not_list": "'{field}' must be a list: [a, b], or lines that begin with '- '",
    "lab_not_mapping": "'{field}' must be a mapping: lines of 'key: value'",
    "lab_no_value": "'{field}' has no value; write one or delete the line",
    "lab_empty": "'{field}' holds nothing; fill it or delete it",
    "lab_control": "'{field}' holds a control character; write one line of plain text",
    "lab_bad_key": "a key of '{field}' is not plain text; write 'key: value'",
    "lab_duplicate_key": "'{name}' stands here for the second time, first in line {first}; keep one of them",
    "lab_missing_key": "'{name}' is missing here, in '{field}'; add it",
    "lab_one_of": "here '{field}' needs exactly one of: {names}",
    "lab_some_of": "here '{field}' needs at least one of: {names}",
    "lab_not_integer": "'{field}' must be a whole number from {least} to {most}, not '{value}'",
    "lab_not_seconds": "'{field}' must be a number of seconds from 0.001 to 3600, not '{value}'",
    # Names nobody knows: what there is, or what was meant.
    "lab_unknown_key": "the key '{name}' is unknown here; known keys: {known}",
    "lab_unknown_key_meant": "the key '{name}' is unknown here; did you mean '{meant}'?",
    "lab_unknown_value": "'{field}' cannot be '{name}'; choose from: {known}",
    "lab_unknown_value_meant": "'{field}' cannot be '{name}'; did you mean '{meant}'?",
    "lab_unknown_verb": "there is no verb '{name}'; the verbs are: {known}",
    "lab_unknown_verb_meant": "there is no verb '{name}'; did you mean '{meant}'?",
    "lab_unknown_node": "there is no node '{name}' in the topology; its nodes: {known}",
    "lab_unknown_node_meant": "there is no node '{name}' in the topology; did you mean '{meant}'?",
    "lab_unknown_program": "the lab has no program '{name}'; its programs: {known}",
    "lab_unknown_program_meant": "the lab has no program '{name}'; did you mean '{meant}'?",
    "lab_unknown_pace": "the lab has no pace '{name}'; its paces: {known}",
    "lab_unknown_pace_meant": "the lab has no pace '{name}'; did you mean '{meant}'?",
    "lab_unknown_pace_value": "no pace defines '{name}'; defined: {known}",
    "lab_unknown_pace_value_meant": "no pace defines '{name}'; did you mean '{meant}'?",
    "lab_unknown_step": "lab.yaml has no step '{name}'; its steps: {known}",
    "lab_unknown_step_meant": "lab.yaml has no step '{name}'; did you mean '{meant}'?",
    "lab_unknown_check": "step '{step}' has no check '{name}'; its checks: {known}",
    "lab_unknown_check_meant": "step '{step}' has no check '{name}'; did you mean '{meant}'?",
    "lab_unknown_section": "there is no section '{name}'; the sections are: {known}",
    "lab_unknown_section_meant": "there is no section '{name}'; did you mean '{meant}'?",
    # Names and addresses.
    "lab_bad_id": "'{value}' cannot be a lab's id; use a-z, 0-9, '.' and '-', as in lab-1.4.3",
    "lab_bad_slug": "'{value}' cannot be an id; use a-z, 0-9 and '-'",
    "lab_bad_claim": "'{value}' is not a claim; write C01 to C99",
    "lab_bad_name": "'{name}' cannot be a name; use letters, digits, '_' and '-', 32 at most",
    "lab_bad_device": (
        "the kernel takes no device named '{name}'; use at most 15 bytes, without blanks, '/', ':' or '%'"
    ),
    "lab_bad_endpoint": "'{value}' is not an endpoint; write NODE:DEVICE, as in h1:eth0",
    "lab_bad_address": "'{value}' is not an IP address; write it as in 192.0.2.1 or 2001:db8::1",
    "lab_bad_interface_address": "'{value}' is no address with a prefix length; write one as in 192.0.2.1/24",
    "lab_bad_prefix": "'{value}' is not a destination; write 'default' or a prefix, as in 192.0.2.0/24",
    "lab_host_bits": "'{value}' has host bits set; did you mean '{meant}'?",
    "lab_bad_sysctl": "'{value}' is no key a lab may set; write one under net., as in net.ipv4.ip_forward",
    "lab_id_twice": "'{name}' is already used in line {first}; choose another name",
    # Topology, paces, programs.
    "lab_two_endpoints": "a link has 2 endpoints, not {count}; write [h1:eth0, h2:eth0]",
    "lab_endpoint_twice": "endpoint {endpoint} is already linked in line {first}; use another device",
    "lab_pace_lacks": "pace '{pace}' lacks '{name}', which another pace defines; define it here too",
    "lab_bad_source": "'{name}' cannot be a source; write the name of a .c file in the lab's folder",
    "lab_source_missing": "there is no file '{name}' in the lab's folder; put it there or correct the name",
    "lab_source_outside": "'{name}' leads out of the lab's folder; put the file itself there",
    "lab_tells_read": "'{value}' must hold {{length}} once, where the program prints the length",
    # Steps.
    "lab_one_verb": "an item of 'do' is one verb: '- verb: ...', with one of: {names}",
    "lab_peer": "'peer' belongs to 'add: veth', and only there; add it or delete it",
    "lab_route_families": "{to} and {via} are of different address families; use IPv4 or IPv6 for both",
    "lab_watch": "'quiet' ({quiet} s) is longer than 'deadline' ({deadline} s); make it shorter",
    "lab_not_earlier": "'{name}' is no step before this one; earlier steps: {known}",
    "lab_not_earlier_meant": "'{name}' is no step before this one; did you mean '{meant}'?",
    "lab_check_length": "a check cannot be called 'length': prose means a packet's length by it; rename it",
    "lab_absence": (
        "check '{check}' passes when nothing happens; "
        "add a check to this step that passes only when something happens"
    ),
    "lab_claim_unchecked": "no check of this step confirms its claim {claim}; name it in the check that does",
    # Sections.
    "lab_no_parts": "no part of '{id}' exists; correct the ids of its parts",
    "lab_nested": "'{name}' is a section itself; list its labs here instead",
    # Prose.
    "lab_prose_title": "must begin with '# ' and a title",
    "lab_prose_title_twice": "'# {title}' is a second title; write '## step-id: title' for a step",
    "lab_prose_heading": "'## {heading}' names no step; write '## step-id: title'",
    "lab_prose_loose": "text of step '{step}' stands in no section; put it under '### ' and one of: {names}",
    "lab_prose_no_step": "'### {section}' stands before any step; write '## step-id: title' first",
    "lab_prose_empty": "'### {section}' has no text; write some or delete the heading",
    "lab_prose_fence": "the code block that begins here has no end; close it with the same mark",
    "lab_prose_step_missing": "has nothing for step '{step}' of lab.yaml; add '## {step}' with '### say'",
    "lab_prose_no_say": "step '{step}' has no '### say'; add one",
    "lab_prose_brace": "'{name}' is not a placeholder; write {{step.check}}, or {{{{ and }}}} for braces",
    "lab_prose_intro": "'{name}': the intro is read before anything is measured; for a brace write it twice",
    "lab_prose_early": (
        "'{name}' is not measured yet in '{section}' of step '{step}'; use it after its step has run"
    ),
    "lab_prose_no_length": "'{name}': check '{check}' counts no packets, so it has no length to show",
    # What only lint tells.
    "lab_prose_number": "{number} is measured by the lab; take it from the run: {{{name}}}",
    "lab_prose_differs": (
        "step '{step}' has no '### {section}', but {other} has one; add it here or delete it there"
    ),
    "lab_prose_unused": "{{{name}}} is missing in this section; {other} shows it",
}
