# Imports the component images (/images.tar, in the format of `docker save`) into containerd's store. Runs in the root
# file system (chroot) in its own process namespace, so that containerd ends with it.
set -euo pipefail
mkdir -p /run /tmp
printf 'version = 2\ndisabled_plugins = ["io.containerd.grpc.v1.cri"]\n' > /tmp/containerd.toml
containerd --config /tmp/containerd.toml > /tmp/containerd.log 2>&1 &
containerd=$!
tries=0
until ctr version > /dev/null 2>&1; do
  tries=$((tries + 1))
  if [ $tries -gt 100 ] || ! kill -0 $containerd; then
    cat /tmp/containerd.log >&2
    exit 1
  fi
  sleep 0.1
done
ctr --namespace k8s.io images import --no-unpack /images.tar
kill $containerd
wait $containerd || true
rm -rf /images.tar /tmp/* /run/containerd /var/lib/containerd/tmpmounts
