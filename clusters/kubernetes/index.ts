/** An in-process Kubernetes whose containers are local processes. */
export { startApiServer } from './api-server/index.ts';
export type { ApiServer, Audit, KubeObject, ObjectStore, Stored } from './api-server/index.ts';
export { REVISION_LABEL, selectedNodes } from './api-server/controllers/daemon-sets.ts';
export { isReady, templateHash } from './api-server/controllers/workload.ts';
export type { PodTemplate } from './api-server/controllers/workload.ts';
export { startNode } from './node.ts';
export type { NodeOptions, RunningNode } from './node.ts';
export { ProcessHost, TRANSLATIONS } from './kubelet/index.ts';
export type { ComponentImage, Image, ProcessImage, Translation } from './kubelet/index.ts';
