export { startKubelet } from './kubelet.ts';
export type { KubeletOptions, RunningKubelet } from './kubelet.ts';
export type { ComponentImage, Image, Images, ProcessImage, RunningComponent } from './images.ts';
export { TRANSLATION } from './translation.ts';
export type { LinkLocalEndpoints } from './translation.ts';
export { POD_IP } from './spec.ts';
export { clearAtEnd, startHost } from './process-group.ts';
