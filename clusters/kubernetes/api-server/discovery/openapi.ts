import { groupVersion, KINDS } from '../model/kinds.ts';

/** Returns the OpenAPI v3 parameters that kubectl create and apply need: `fieldValidation` and `dryRun`. No schemas. */
export function openApi(path: string): object | undefined {
  const root = '/openapi/v3';
  const groupVersions = [...new Set(KINDS.map(groupVersion))];
  const prefixed = (gv: string) => (gv.includes('/') ? `apis/${gv}` : `api/${gv}`);
  if (path === root || path === `${root}/`) {
    const entries = groupVersions.map((gv) => [prefixed(gv), { serverRelativeURL: `${root}/${prefixed(gv)}` }]);
    return { paths: Object.fromEntries(entries) as object };
  }
  const wanted = groupVersions.find((gv) => path === `${root}/${prefixed(gv)}`);
  if (wanted === undefined) return undefined;
  const parameters = ['fieldValidation', 'dryRun', 'fieldManager', 'force'].map((name) => ({
    name,
    in: 'query',
    schema: { type: 'string', uniqueItems: true },
  }));
  const paths = KINDS.filter((kind) => groupVersion(kind) === wanted).map((kind) => {
    const scope = kind.namespaced ? 'namespaces/{namespace}/' : '';
    const operation = {
      parameters,
      responses: { 200: { description: 'OK' } },
      'x-kubernetes-action': 'patch',
      'x-kubernetes-group-version-kind': { group: kind.group, version: kind.version, kind: kind.kind },
    };
    return [`/${prefixed(wanted)}/${scope}${kind.resource}/{name}`, { patch: operation }];
  });
  return {
    openapi: '3.0.0',
    info: { title: 'Kubernetes', version: 'unversioned' },
    paths: Object.fromEntries(paths) as object,
  };
}
