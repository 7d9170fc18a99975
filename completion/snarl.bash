# bash completion for snarl                                -*- shell-script -*-
# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# What there is to complete, snarl says itself: commands and options by --help, and what an option
# takes in the message for a value that is none. So nothing is listed twice. Functions get the command
# that says it, as words: snarl, or `snarl history list`.

# The commands of "$@", or its actions.
_snarl_commands()
{
    "$@" --help 2>/dev/null | sed -nE 's/^  ([a-z]+)  +.*/\1/p'
}

# The long options of "$@": a line "--name VALUE" each, without VALUE if it takes none.
_snarl_options()
{
    ARGP_HELP_FMT='' "$@" --help 2>/dev/null |
        sed -nE 's/^ +(-., )?(--[a-z-]+)=?([^ ]*).*/\2 \3/p'
}

# What option $2 takes, by the list $1.
_snarl_value_of()
{
    local name value
    while read -r name value; do
        [[ $name != "$2" ]] || echo "$value"
    done <<<"$1"
}

# The words that option $1 of "${@:2}" takes.
_snarl_words()
{
    case $1 in
        --fail-on)
            printf '%s\n' all none observed predicted possible error warning note
            "$2" list 2>/dev/null | sed -nE 's/^([a-z-]+) .*/\1/p'
            ;;
        --follow) printf '%s\n' all main ;;
        --hang) echo off ;;
        *) # --help: nothing is done if there is such a value after all
            "${@:2}" "$1=?" --help 2>&1 | sed -nE 's/.* this version knows (.*)/\1/p' | tr -d , ;;
    esac
}

# Completes to one of WORDS, behind $2.
_snarl_reply()
{
    mapfile -t COMPREPLY < <(compgen -P "${2-}" -W "$1" -- "${cur#"${2-}"}")
}

# Completes the value, which is called $1 in --help, of option $2 of "${@:3}".
_snarl_value()
{
    local before=
    case $1 in
        FILE | *.json | DATABASE) _filedir ;;
        DIR) _filedir -d ;;
        *:FILE])
            if [[ $cur == *:* ]]; then
                cur=${cur#*:}
                _filedir
            else
                _snarl_reply "$(_snarl_words "${@:2}")"
            fi
            ;;
        LIST)
            [[ $cur != *,* ]] || before=${cur%,*},
            _snarl_reply "$(_snarl_words "${@:2}")" "$before"
            compopt -o nospace
            ;;
        *) _snarl_reply "$(_snarl_words "${@:2}")" ;;
    esac
}

# Where, in COMP_WORDS, the command line of a program begins to which `snarl run` comes first; $1:
# the options. 0 if not before the cursor.
_snarl_program()
{
    local i word previous=
    for ((i = 2; i <= COMP_CWORD; i++)); do
        word=${COMP_WORDS[i]}
        if [[ $word == [=:] || $previous == [=:] ]]; then
            previous=$word
            continue
        fi
        if [[ $previous == -o || -n $(_snarl_value_of "$1" "$previous") ]]; then
            previous= # this is its value
            continue
        fi
        previous=$word
        if [[ $word == -- ]]; then
            echo $((i + 1))
            return
        elif [[ $word != -* ]]; then
            echo "$i"
            return
        fi
    done
    echo 0
}

_snarl()
{
    # shellcheck disable=SC2034 # _init_completion sets some of them
    local cur prev words cword split options value program=0
    _init_completion -s -n : || return
    local snarl=${words[0]} command=${words[1]}
    local -a told=("$snarl" "$command")
    if ((cword == 1)); then
        _snarl_reply "$(_snarl_commands "$snarl") --help --version"
        return
    elif [[ $command == help ]]; then
        ((cword > 2)) || _snarl_reply "$(_snarl_commands "$snarl")"
        return
    elif [[ $command == history ]]; then
        if ((cword == 2)); then
            _snarl_reply "$(_snarl_commands "${told[@]}") --help --version"
            return
        fi
        told+=("${words[2]}")
    fi

    options=$(_snarl_options "${told[@]}")
    [[ $command != @(run|record) ]] || program=$(_snarl_program "$options")
    if ((program > 0 && program <= COMP_CWORD)); then
        _command_offset "$program"
        return
    fi
    [[ $prev != -o ]] || prev=--output
    value=$(_snarl_value_of "$options" "$prev")
    if [[ -n $value ]]; then
        _snarl_value "$value" "$prev" "${told[@]}"
    elif [[ $cur == -* ]]; then
        _snarl_reply "$(sed -E 's/ .+/=/' <<<"$options")"
        [[ ${COMPREPLY-} != *= ]] || compopt -o nospace
    else
        _filedir
    fi
} &&
    complete -F _snarl snarl
