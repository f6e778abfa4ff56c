#!/bin/sh
# Assembles the root file system of the component image in a container of the base image. Standard input is a tar of
# `image/`, `probe/`, clients (`clients/`, `etc/`) and, if the base has no Node, the host's Node with its libraries
# (`machine/`). Standard output is a tar of the file system. The last line of standard error names the source and version
# of Node, or the problem. Exit codes: 61 no ip, 62 no Node, 63 one of them does not run with the copied files.
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

# Copies a program, its loader and its libraries to the paths where the loader expects them.
add() {
  program=$1 as=$2
  mkdir -p "$out$(dirname "$as")"
  cp -L "$program" "$out$as"
  ldd "$program" 2>/dev/null | sed -n 's/.*[[:space:]]\(\/[^[:space:]]*\) (.*/\1/p' | while read -r library; do
    mkdir -p "$out$(dirname "$library")"
    cp -L "$library" "$out$library"
    # Older C libraries load the modules for host names only on demand, so ldd does not list them.
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
  fail 62 'Node is missing'
fi

if ! ip=$(command -v ip); then
  if command -v apt-get >/dev/null; then
    export DEBIAN_FRONTEND=noninteractive
    { apt-get update -q && apt-get install -q -y --no-install-recommends iproute2; } >&2 || true
  fi
  ip=$(command -v ip) || fail 61 'ip is missing'
fi

add "$ip" /sbin/ip
if [ $whose = image ]; then
  add "$node" /usr/local/bin/node
elif "$in/machine/usr/local/bin/node" -e '' 2>/dev/null; then
  add "$in/machine/usr/local/bin/node" /usr/local/bin/node
else
  # The host's Node does not run with the base's libraries, so copy the host's libraries too.
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

# The programs must run with only the copied files. This also creates the probe's code caches, which fit only this Node.
chroot "$out" /sbin/ip -V >&2 || fail 63 'ip does not run with the copied files'
if [ -e "$out/probe/warm.mjs" ]; then warm=/probe/warm.mjs; else warm=--version; fi
chroot "$out" /usr/local/bin/node "$warm" >&2 || fail 63 'Node does not run with the copied files'
version=$(chroot "$out" /usr/local/bin/node --version)
rm -f "$out/probe/warm.mjs"

# Any user may run the programs and write to the temporary folder.
chown -R 0:0 "$out"
chmod -R u=rwX,go=rX "$out"
chmod 1777 "$out/tmp"
tar -c -C "$out" -f - .
echo "$whose $version" >&2
