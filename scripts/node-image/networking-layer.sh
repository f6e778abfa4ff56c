# Writes a tar archive with iptables, ipset and their libraries to standard output. It is the layer below
# kube-proxy and kube-router. Runs in the root file system (chroot).
set -euo pipefail

{
  dpkg --listfiles iptables ipset
  # Links that update-alternatives created.
  ls -d /usr/sbin/ip6tables* /usr/sbin/iptables* /etc/alternatives/ip6tables* /etc/alternatives/iptables*
  ldd /usr/sbin/xtables-{nft,legacy}-multi /usr/sbin/ipset /usr/lib/*/xtables/*.so | grep -o '/[^ :]* (' | cut -d' ' -f1
} | grep '^/' | grep -v '^/usr/share' | while read -r path; do
  if [ ! -d "$path" ]; then
    # Resolves folders such as /lib, which are links.
    echo "$(realpath "$(dirname "$path")")/$(basename "$path")"
    realpath "$path"
  fi
done | sort --unique > /tmp/layer
find / -maxdepth 1 -type l >> /tmp/layer
sed --in-place 's#^/##' /tmp/layer
tar --create --directory=/ --no-recursion --files-from=/tmp/layer
rm /tmp/layer
