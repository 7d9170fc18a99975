# SPDX-License-Identifier: Apache-2.0
#
# Fills in a man page: its first input is what `snarl COMMAND --help` prints, its second the page.
# A line @OPTIONS@ becomes the options of the help, @COMMANDS@ the commands of `snarl --help`, and
# @VERSION@ (-v version=...) the version. Where a command has actions, the first input has their helps,
# too, one after the other, and @OPTIONS ACTION@ becomes the options of one. So no page says anything else than the command does.

# What scdoc would take for markup.
function literal(text)
{
    gsub(/[\\*_]/, "\\\\&", text)
    return text
}

# --name=VALUE as *--name*=_VALUE_.
function option_name(word, at)
{
    at = index(word, "=")
    if (!at)
        return "*" literal(word) "*"
    return "*" literal(substr(word, 1, at - 1)) "*=_" literal(substr(word, at + 1)) "_"
}

function print_options(action, i)
{
    for (i = 1; i <= options; i++) {
        if (actions[i] != action)
            continue
        print names[i]
        print "\t" literal(texts[i]) "."
        print ""
    }
}

function add_text(text)
{
    sub(/^ +/, "", text)
    texts[options] = texts[options] (texts[options] == "" ? "" : " ") text
}

FNR == 1 { input++ }

input == 1 && $1 == "Usage:" {
    word = $2 == "snarl-source" ? $3 : $4
    current = word ~ /^[a-z]+$/ ? word : ""
    next
}
input == 1 && /^ +(-., )?--[a-z]/ {
    names[++options] = ""
    actions[options] = current
    rest = $0
    sub(/^ +/, "", rest)
    if (rest ~ /^-., /) {
        names[options] = "*" literal(substr(rest, 1, 2)) "*, "
        rest = substr(rest, 5)
    }
    end = index(rest " ", " ")
    names[options] = names[options] option_name(substr(rest, 1, end - 1))
    add_text(substr(rest, end))
    next
}
input == 1 && /^ {20}/ && options { add_text($0); next }
input == 1 && /^  [a-z]+ / && !/--/ && !options {
    name = $1
    summary = $0
    sub(/^ *[a-z]+ +/, "", summary)
    commands = commands "*snarl-" name "*(1)\n\t" literal(summary) ".\n\n"
    next
}
input == 1 { next }

$0 == "@OPTIONS@" { print_options(""); next }
$1 == "@OPTIONS" { sub(/@$/, ""); print_options($2); next }
$0 == "@COMMANDS@" { printf "%s", commands; next }
{
    gsub(/@VERSION@/, version)
    if (absent != "") # -v absent=snarl-serve: there is no such page
        gsub("\\*" absent "\\*\\(1\\), ", "")
    print
}
