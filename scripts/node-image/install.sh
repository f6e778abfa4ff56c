# Turns Debian's root file system into a kind node. Runs inside it (chroot), after the files of kind and of this folder were copied.
set -euo pipefail

# Keeps only the systemd units that a node needs, like kind's images/base/Dockerfile.
rm -f /lib/systemd/system/sysinit.target.wants/systemd-tmpfiles-setup.service
rm -f /lib/systemd/system/multi-user.target.wants/* /etc/systemd/system/*.wants/*
rm -f /lib/systemd/system/local-fs.target.wants/* /lib/systemd/system/basic.target.wants/*
rm -f /lib/systemd/system/sockets.target.wants/*udev* /lib/systemd/system/sockets.target.wants/*initctl*
echo 'ReadKMsg=no' >> /etc/systemd/journald.conf
systemctl enable kubelet.service containerd.service undo-mount-hacks.service
systemctl mask systemd-binfmt.service

mkdir -p /etc/kubernetes/manifests /opt/cni /kind/manifests
# Links for kind's files, which expect these paths.
ln -sf /usr/bin/containerd /usr/local/bin/containerd
ln -sfn /usr/lib/cni /opt/cni/bin

ctr oci spec |
  jq '.hooks.createContainer += [{ path: "/kind/bin/mount-product-files.sh" }] | del(.process.rlimits)' > /etc/containerd/cri-base.json
# Uses the pause image that kubeadm names, and no lower oom_score_adj than this container may set.
sed -i -e "s#sandbox_image = .*#sandbox_image = \"registry.k8s.io/pause:$PAUSE_TAG\"#" \
  -e 's/restrict_oom_score_adj = false/restrict_oom_score_adj = true/' /etc/containerd/config.toml
echo "$KUBERNETES_VERSION" > /kind/version

# debootstrap copies these files from its host.
rm -f /etc/hostname /etc/resolv.conf
rm -rf /var/cache/apt /var/lib/apt/lists /var/log/* /usr/share/doc /usr/share/man /usr/share/locale /usr/share/info
