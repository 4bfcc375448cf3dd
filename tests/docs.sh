#!/bin/sh
# tests/docs.sh ROOT: documents have no line of more than 120 characters, and no Markdown file a link to a file or
# heading that is not there. Links to the web are not followed.
set -eu
cd "$1"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
problems=$work/problems

find ./*.md docs models web/package/README.md -name '*.md' -exec env LC_ALL=C.UTF-8 grep -HnE '^.{121,}' {} + |
  sed 's/^\([^:]*:[0-9]*\):.*/\1: has more than 120 characters/' >>"$problems"

# What a heading is called in a link: small letters, digits and dashes.
headings() { sed -n 's/^##* //p' "$1" | tr 'A-Z ' 'a-z-' | sed 's/[^a-z0-9_-]//g'; }

# LINE TARGET of each link; code holds none.
links() {
  awk '/^ *```/ { code = !code; next }
    !code {
      gsub(/`[^`]*`/, "")
      while (match($0, /\]\([^) ]+/)) {
        print NR, substr($0, RSTART + 2, RLENGTH - 2)
        $0 = substr($0, RSTART + RLENGTH)
      }
    }' "$1"
}

count=0
find . \( -name build -o -name node_modules -o -name '.?*' \) -prune -o -name '*.md' -print | sort >"$work/files"
while read -r file; do
  links "$file" >"$work/links"
  while read -r line target; do
    case $target in
      http://* | https://* | mailto:*) continue ;;
    esac
    count=$((count + 1))
    path=${target%%#*}
    if [ -n "$path" ]; then path=$(dirname "$file")/$path; else path=$file; fi
    if [ ! -e "$path" ]; then
      echo "$file:$line: links to $target, which is not there"
    elif [ "$target" != "${target#*#}" ] && ! headings "$path" | grep -qxF -- "${target#*#}"; then
      echo "$file:$line: links to $target, and there is no such heading"
    fi >>"$problems"
  done <"$work/links"
done <"$work/files"
[ "$count" -gt 0 ] || echo "no link was found" >>"$problems"

cat "$problems"
test ! -s "$problems"
