#!/bin/zsh
# SPDX-License-Identifier: BSD-3-Clause
# complete.zsh FOLDER LINE: prints what a zsh, with FOLDER in its fpath, would complete LINE to, a word a line. The shell runs on a
# terminal of its own, as completion needs one; each match is printed when it is added.
zmodload zsh/zpty
zpty shell zsh -f -i
zpty -w shell "PS1=; fpath=(${(q)1} \$fpath)"
zpty -w shell 'source /dev/stdin <<\END
autoload -Uz compinit && compinit -u -D
bindkey "^I" complete-word
zstyle ":completion:*" verbose no
mark() { print -n -- $'\''\0'\''; }
compprefuncs=(mark)
comppostfuncs=(mark exit)
compadd() {
  local -a matches
  if [[ ${@[1,(i)(-|--)]} == *-(O|A|D)\ * ]]; then
    builtin compadd "$@"
    return
  fi
  builtin compadd -A matches "$@"
  (($#matches)) && print -l -- $matches
  builtin compadd "$@"
}
print -n -- $'\''\0'\''
END'
zpty -r shell before $'*\0'
zpty -n -w shell "$2"$'\t'
zpty -r shell before $'*\0'
zpty -r shell matches $'*\0'
zpty -d shell
print -r -- ${matches%$'\0'}
