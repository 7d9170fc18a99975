# SPDX-License-Identifier: Apache-2.0
# needs: jq
watched jq -n '[range(2000) |
    {id: ., name: "garlic \(. * 7919 % 1000)", tags: [.,.%7]}]' >shelf.json
watched jq -c 'group_by(.tags[1]) | map({k: .[0].tags[1], n: length,
    s: (map(.id) | add)})' shelf.json
watched jq -r '.[] | select(.name | test("9{2}")) | [.id, .name] | @csv' shelf.json
watched jq 'to_entries | map(.value.id / 3) | sort | .[5:9],
    (map(floor) | unique | length)' shelf.json
watched jq -n 'reduce range(1000) as $i (0; . + $i), ("a,b" | split(",")),
    ([1,[2]] | flatten), (now | type)'
watched jq -n 'try error("x") catch ., ("\u00e9" | @uri, @base64), ([limit(3; repeat(1))])'
watched jq . <<<'{"broken": '; echo $?; watched jq 'nowhere' shelf.json; echo $?
