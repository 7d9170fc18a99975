# SPDX-License-Identifier: Apache-2.0
# needs: curl
# patience: 200
text 100000 >text
watched curl -sS "file://$PWD/text" | cmp - text
watched curl -sS -r 100-299 "file://$PWD/text"; watched curl -sS "file://$PWD/nowhere"; echo $?
watched curl -sS --no-progress-meter -Z -o 'out#1' "file://$PWD/te{xt,xt}"
watched curl -sS http://localhost:1/ 2>&1 | sed 's/after [0-9]* ms/after N ms/'
echo "${PIPESTATUS[0]}"
watched curl -sS -w '%{url_effective} %{size_download}\n' -o got "file://$PWD/text"
watched curl --nowhere; echo $?
