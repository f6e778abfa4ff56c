# The runner as an image: `run` on embedded clusters, `emulator` as a service. scripts/runner-image.js prepares the context.
ARG BASE=node:22-bookworm-slim
FROM ${BASE}
LABEL org.opencontainers.image.title="EKS Pod Identity conformance" org.opencontainers.image.licenses="Apache-2.0"
# Where suites in any folder find the package by its name.
COPY node_modules /node_modules
WORKDIR /workspace
USER 1000
ENV HOME=/tmp
ENTRYPOINT ["node", "/node_modules/eks-pod-identity-conformance/bin/conformance.js"]
