# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
# What the worked examples share; to be sourced with the script's own words: . common.sh "$@"
#
#   scripts/examples/NAME.sh [-o FOLDER] [--size SHARE] [--pictures FOLDER]
#
#   -o FOLDER           where everything is written; out/NAME by default, of an installation in the current folder
#   --size SHARE        so much of the simulated data, 1 by default: 0.1 for a quick look
#   --pictures FOLDER   copies the pictures of the page there, with few colours and so small, as NAME-PICTURE.png
#
# gmmpi is the one in PATH, else the one that was built in build/. Each command is printed, and then run in the folder.
# Sets: root, scripts, tools (folders), name, size; goes to the folder.

scripts=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
root=$(dirname "$scripts")
out=$root/out
if [ -d "$scripts/data" ]; then # it is installed, where data/ is beside it and nothing is to be written
  root=$scripts out=$PWD/out
fi
[ -w "$root" ] || out=$PWD/out
tools=$scripts/examples
name=$(basename "$0" .sh)
size=1
folder=$out/$name
pictures=

while [ $# -gt 0 ]; do
  case $1 in
  -o | --size | --pictures)
    if [ $# -lt 2 ]; then
      echo "$0: $1 needs a value; see the first lines of scripts/examples/common.sh" >&2
      exit 64
    fi
    case $1 in
    -o) folder=$2 ;;
    --size) size=$2 ;;
    --pictures) mkdir -p "$2" && pictures=$(cd "$2" && pwd) ;;
    esac
    shift 2
    ;;
  -h | --help)
    sed -n '/^#   scripts/,/^# gmmpi/{/^# gmmpi/!s/^# \{0,1\}//p}' "${BASH_SOURCE[0]}"
    exit 0
    ;;
  *)
    echo "$0: $1 is not known; --help says what is" >&2
    exit 64
    ;;
  esac
done

# The folder of a program that was built: the first of the builds that are usual.
built_gmmpi() {
  local build
  for build in release test debug; do
    if [ -x "$root/build/$build/src/cli/gmmpi" ]; then
      echo "$root/build/$build/src/cli"
      return
    fi
  done
  echo "$0: there is no gmmpi in PATH, and none in build/; scripts/quickstart.sh builds it" >&2
  return 66
}

if [ -n "${GMMPI-}" ]; then
  PATH=$(dirname "$GMMPI"):$PATH
elif ! command -v gmmpi >/dev/null; then
  built=$(built_gmmpi) || exit $?
  PATH=$built:$PATH
fi
if [ "$(id -u)" -eq 0 ]; then # Open MPI refuses to run as root, as in a container, unless told so
  export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
fi

# A command as it is typed: words with blanks and the like in quotes, scripts from the repository's folder on.
typed() {
  local word line='$'
  for word; do
    word=${word#"$root"/}
    case $word in
    *[!A-Za-z0-9_./=:,@%+-]*) word="\"$word\"" ;;
    esac
    line+=" $word"
  done
  echo "$line"
}

# rows N: how many rows of simulated data there are to be, of N on the page.
rows() {
  awk -v n="$1" -v share="$size" 'BEGIN { printf "%d\n", n * share }'
}

# run COMMAND WORDS...: prints the command, and runs it.
run() {
  echo
  typed "$@"
  "$@"
}

# draw WORDS...: pictures by scripts/plot.py into pictures/, without the list of what was drawn.
draw() {
  echo
  typed "$scripts/plot.py" "$@" -o pictures
  "$scripts/plot.py" "$@" -o pictures >/dev/null
}

# on_page PICTURE...: which pictures are on the page. The last thing that an example does.
on_page() {
  echo
  echo "pictures in $PWD/pictures"
  if [ -n "$pictures" ]; then
    "$tools/pack_pictures.py" "$pictures" "$name" "${@/#/pictures/}"
  fi
}

mkdir -p "$folder/pictures"
cd "$folder" || exit 73
