#!/bin/sh
# Puts the root file system of the component image together, in a container of the base image. Standard input is a tar of
# this script's neighbours (`image/`, `probe/`), of clients (`clients/`, `etc/`) and, where the base has no Node, of this machine's (`machine/`: Node and
# the libraries that it loads). Standard output is a tar of the file system. The last line of standard error says which
# Node it has, or what is missing. Exit codes: 61 no ip, 62 no Node, 63 they do not run by themselves.
set -eu

work=/eks-pod-identity-conformance
in=$work/in
out=$work/out
minimum='const [major, minor] = process.versions.node.split(".").map(Number);
process.exit(major > 20 || (major === 20 && minor >= 19) ? 0 : 1)'

fail() {
  echo "$2" >&2
  exit "$1"
}

# Copies a program, and the libraries and the loader that it needs, each to where the loader looks for it.
add() {
  program=$1 as=$2
  mkdir -p "$out$(dirname "$as")"
  cp -L "$program" "$out$as"
  ldd "$program" 2>/dev/null | sed -n 's/.*[[:space:]]\(\/[^[:space:]]*\) (.*/\1/p' | while read -r library; do
    mkdir -p "$out$(dirname "$library")"
    cp -L "$library" "$out$library"
    # Older C libraries load what looks up host names only when it is asked for.
    case $library in
      */libc.so.6)
        for part in libnss_files.so.2 libnss_dns.so.2 libresolv.so.2; do
          [ ! -e "$(dirname "$library")/$part" ] || cp -L "$(dirname "$library")/$part" "$out$(dirname "$library")/"
        done
        ;;
    esac
  done
}

mkdir -p "$in" "$out"
tar -x -C "$in" -f -
PATH=$PATH:/usr/sbin:/sbin

if node=$(command -v node) && "$node" -e "$minimum" 2>/dev/null; then
  whose=image
elif [ -d "$in/machine" ]; then
  whose=machine
else
  fail 62 'there is no Node'
fi

if ! ip=$(command -v ip); then
  if command -v apt-get >/dev/null; then
    export DEBIAN_FRONTEND=noninteractive
    { apt-get update -q && apt-get install -q -y --no-install-recommends iproute2; } >&2 || true
  fi
  ip=$(command -v ip) || fail 61 'there is no ip'
fi

add "$ip" /sbin/ip
if [ $whose = image ]; then
  add "$node" /usr/local/bin/node
elif "$in/machine/usr/local/bin/node" -e '' 2>/dev/null; then
  add "$in/machine/usr/local/bin/node" /usr/local/bin/node
else
  # It does not run with the base's libraries, so this machine's take their place.
  cp -R "$in/machine/." "$out/"
fi

chmod 755 "$in"/image/root/*
cp -R "$in/image/root/." "$out/"
mkdir -p "$out/probe" "$out/etc" "$out/root" "$out/tmp"
[ ! -d "$in/probe" ] || cp "$in"/probe/* "$out/probe/"
[ ! -d "$in/clients" ] || cp -R "$in/clients" "$out/"
[ ! -d "$in/etc" ] || cp -R "$in/etc/." "$out/etc/"
printf 'root:x:0:0:root:/root:/sbin/nologin\nnobody:x:65534:65534:nobody:/:/sbin/nologin\n' >"$out/etc/passwd"
printf 'root:x:0:\nnogroup:x:65534:\n' >"$out/etc/group"
printf 'passwd: files\ngroup: files\nhosts: files dns\n' >"$out/etc/nsswitch.conf"

# Programs must run with nothing but what was copied. This also makes the probe's code caches, which fit one Node alone.
chroot "$out" /sbin/ip -V >&2 || fail 63 'ip does not run by itself'
if [ -e "$out/probe/warm.mjs" ]; then warm=/probe/warm.mjs; else warm=--version; fi
chroot "$out" /usr/local/bin/node "$warm" >&2 || fail 63 'Node does not run by itself'
version=$(chroot "$out" /usr/local/bin/node --version)
rm -f "$out/probe/warm.mjs"

# Any user may run what is here; the temporary folder is everyone's.
chown -R 0:0 "$out"
chmod -R u=rwX,go=rX "$out"
chmod 1777 "$out/tmp"
tar -c -C "$out" -f - .
echo "$whose $version" >&2
