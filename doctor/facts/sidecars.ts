/** Images of sidecars that call no AWS API, by a part of their name. */
const WITHOUT_AWS =
  /(?:^|\/)(?:istio\/)?(?:proxyv2|pilot|linkerd\/proxy|linkerd-proxy|envoy|consul-dataplane|vault|vault-k8s|oauth2-proxy|kube-rbac-proxy|configmap-reload|prometheus-config-reloader|k8s-sidecar|nginx|haproxy|pgbouncer)(?:[:@]|$)/;
/** Names that injectors give to such containers. */
const NAMES =
  /^(?:istio-(?:proxy|init)|linkerd-(?:proxy|init)|envoy(?:-sidecar)?|consul-dataplane|vault-agent(?:-init)?)$/;

/** Whether a container is a known sidecar that needs no AWS role. */
export const needsNoRole = ({ name, image }: { readonly name: string; readonly image: string }): boolean =>
  NAMES.test(name) || WITHOUT_AWS.test(image);
